// Texts from standard input and from files, gzipped or not.
#pragma once

#include <optional>
#include <string>

namespace jet::cli {

bool stdin_is_terminal();
// Everything there is. Throws Interrupted, or Error when reading fails.
std::string read_stdin();

// Lines of standard input, one at a time, as they arrive.
class StdinLines {
 public:
  // Without its end; nothing at the end of the input. Throws Interrupted.
  std::optional<std::string> next();

 private:
  std::string buffer_;
  bool at_end_ = false;
};

// A plain or gzipped text file; "-" is standard input. Throws Error naming the file.
std::string read_text(const std::string& path);

// The first n characters (code points). Throws Error naming `where` on bytes that are not UTF-8.
std::string first_characters(const std::string& text, int64_t n, const std::string& where);

}  // namespace jet::cli
