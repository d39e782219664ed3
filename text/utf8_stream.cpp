// Whole characters out of a stream of bytes.
#include "text/utf8_stream.h"

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

void Utf8Stream::push(std::string_view bytes, std::string& out) {
  pending_ += bytes;
  pending_.erase(0, pending_.size() - decode(pending_, out).size());
}

void Utf8Stream::flush(std::string& out) {
  if (!pending_.empty()) out += kReplacement;
  pending_.clear();
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  if (!decode(bytes, out).empty()) out += kReplacement;
  return out;
}

}  // namespace jet
