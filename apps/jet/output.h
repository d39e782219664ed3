// Results on standard output; notes, warnings and progress on standard error.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "io/json.h"

namespace jet::cli {

// Standard output was closed by its reader: a quiet end.
struct OutputClosed {};

// At once and unbuffered. Throws OutputClosed, or Error when the output cannot be written.
void write_out(std::string_view text);
void write_json_line(const Json& json);

// "jet: ..." on standard error.
void write_note(std::string_view text);

// "28.3 MB", "1.97 GB": decimal units.
std::string human_bytes(double bytes);
inline std::string human_bytes(int64_t bytes) { return human_bytes(static_cast<double>(bytes)); }
// "28,311,552".
std::string with_commas(int64_t number);
// "1 window", "8 windows".
std::string counted(int64_t number, std::string_view what);
// Throws Error where there is no folder to write a file or folder `path` into.
void check_parent(const std::filesystem::path& path);

// A line on a terminal that shows how far long work is; nothing where standard error is none.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(int64_t done, int64_t all);

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool is_terminal_;
  bool is_drawn_ = false;
  Clock::time_point begin_;
  Clock::time_point drawn_at_;
};

// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace jet::cli
