#include "apps/jet/input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include <unistd.h>
#include <zlib.h>

#include "apps/jet/interrupt.h"
#include "core/error.h"
#include "text/utf8.h"

namespace jet::cli {
namespace {

// Appends what has arrived; false at the end.
bool read_some(std::string& text) {
  std::array<char, 65536> piece;
  while (true) {
    check_interrupt();
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("standard input: cannot read: {}", std::generic_category().message(errno));
    text.append(piece.data(), static_cast<size_t>(got));
    return got > 0;
  }
}

struct CloseGz {
  void operator()(gzFile file) const { ::gzclose_r(file); }
};
using GzFile = std::unique_ptr<gzFile_s, CloseGz>;

GzFile open_gz(const std::string& path) {
  if (path == "-") return GzFile(::gzdopen(::dup(STDIN_FILENO), "rb"));
  errno = 0;
  GzFile file(::gzopen(path.c_str(), "rb"));
  if (!file) fail("{}: cannot open: {}", path, std::generic_category().message(errno));
  return file;
}

}  // namespace

bool stdin_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

std::string read_stdin() {
  std::string text;
  while (read_some(text)) {
  }
  return text;
}

std::optional<std::string> StdinLines::next() {
  while (!at_end_ && buffer_.find('\n') == std::string::npos) at_end_ = !read_some(buffer_);
  if (buffer_.empty()) return std::nullopt;
  const size_t end = std::min(buffer_.find('\n'), buffer_.size());
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// zlib passes on what is not gzipped.
std::string read_text(const std::string& path) {
  const std::string where = path == "-" ? "standard input" : path;
  const GzFile file = open_gz(path);
  std::string text;
  std::array<char, 65536> piece;
  while (true) {
    check_interrupt();
    errno = 0;
    const int got = ::gzread(file.get(), piece.data(), piece.size());
    int problem = Z_OK;
    const char* message = ::gzerror(file.get(), &problem);
    if (problem == Z_ERRNO)
      fail("{}: cannot read: {}", where, std::generic_category().message(errno));
    if (got < 0 || problem == Z_BUF_ERROR) fail("{}: bad gzip data: {}", where, message);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<size_t>(got));
  }
}

std::string first_characters(const std::string& text, int64_t n, const std::string& where) {
  std::string_view rest = text;
  for (; n > 0 && !rest.empty(); --n) {
    const Utf8Part part = first_utf8(rest);
    if (part.kind != Utf8Kind::Character)
      fail("{}: byte {} is not UTF-8", where, text.size() - rest.size());
    rest.remove_prefix(part.length);
  }
  return text.substr(0, text.size() - rest.size());
}

}  // namespace jet::cli
