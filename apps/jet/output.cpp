#include "apps/jet/output.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/error.h"

namespace jet::cli {

void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) throw OutputClosed{};
    if (written < 0)
      fail("standard output: cannot write: {}", std::generic_category().message(errno));
    text.remove_prefix(static_cast<size_t>(written));
  }
}

// Text that is not UTF-8 (a token may be part of a character) is written with U+FFFD.
void write_json_line(const Json& json) {
  write_out(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void write_note(std::string_view text) {
  std::string line = "jet: ";
  for (const char c : text) line += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string human_bytes(double bytes) {
  constexpr double kStep = 1000;
  constexpr std::array<const char*, 5> kUnits{"B", "KB", "MB", "GB", "TB"};
  double value = bytes;
  size_t unit = 0;
  while (value >= kStep && unit + 1 < kUnits.size()) {
    value /= kStep;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f} B", bytes);
  return fmt::format("{:.{}f} {}", value, value < 100 ? 2 : 1, kUnits[unit]);
}

std::string with_commas(int64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    text.insert(text.begin() + at, ',');
  }
  return text;
}

std::string counted(int64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

void check_parent(const std::filesystem::path& path) {
  // A trailing slash names the directory itself.
  const std::filesystem::path parent =
      (path.has_filename() ? path : path.parent_path()).parent_path();
  if (!parent.empty() && !std::filesystem::is_directory(parent))
    fail("{}: there is no directory {}; make it first", path.string(), parent.string());
}

Progress::Progress(std::string what)
    : what_(std::move(what)), is_terminal_(::isatty(STDERR_FILENO) == 1), begin_(Clock::now()) {}

Progress::~Progress() {
  if (is_drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::update(int64_t done, int64_t all) {
  constexpr auto kPause = std::chrono::milliseconds(100);
  constexpr int64_t kWidth = 30;
  const Clock::time_point now = Clock::now();
  if (!is_terminal_ || all <= 0 || (is_drawn_ && now - drawn_at_ < kPause)) return;
  const std::string bar(static_cast<size_t>(kWidth * done / all), '#');
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double left =
      done > 0 ? seconds * static_cast<double>(all - done) / static_cast<double>(done) : 0;
  fmt::print(stderr, "\r\033[K{} [{:<{}}] {}/{}, {:.0f} s left", what_, bar, kWidth, done, all,
             left);
  std::fflush(stderr);
  is_drawn_ = true;
  drawn_at_ = now;
}

}  // namespace jet::cli
