// Token bytes in, whole UTF-8 characters out.
#pragma once

#include <string>
#include <string_view>

namespace jet {

// A character that is split over tokens is held back until it is complete; bytes that can never
// become a character come out as U+FFFD, so that all pushes and the flush together equal
// Tokenizer::decode.
class Utf8Stream {
 public:
  void push(std::string_view bytes, std::string& out);  // appends to `out`
  void flush(std::string& out);

 private:
  std::string pending_;
};

// All of `bytes` at once: ill-formed parts become U+FFFD.
std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace jet
