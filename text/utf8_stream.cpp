// Whole characters out of a stream of bytes.
#include "text/utf8_stream.h"

#include <utility>

#include "text/utf8.h"

namespace jet {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Appends the text of `bytes` to `out` and returns the part of a character that the end cuts off.
std::string_view decode(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const Utf8Part part = first_utf8(bytes);
    if (part.kind == Utf8Kind::Cut) break;
    out += part.kind == Utf8Kind::Character ? bytes.substr(0, part.length) : kReplacement;
    bytes.remove_prefix(part.length);
  }
  return bytes;
}

}  // namespace

std::string Utf8Stream::push(std::string_view bytes) {
  pending_ += bytes;
  std::string out;
  pending_ = std::string(decode(pending_, out));
  return out;
}

std::string Utf8Stream::flush() {
  return std::exchange(pending_, {}).empty() ? std::string() : std::string(kReplacement);
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  if (!decode(bytes, out).empty()) out += kReplacement;
  return out;
}

}  // namespace jet
