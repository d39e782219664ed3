// The text of a template and the places in it that errors name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace jet::jinja {

using Position = uint32_t;  // byte offset into Source::text()

class Source {
 public:
  // Throws Error if the text is not UTF-8 or larger than kMaxSource.
  explicit Source(std::string text);

  // Line ends are "\n" and one at the very end is dropped, as Jinja does before it looks at
  // anything else.
  std::string_view text() const { return text_; }
  // As it was given.
  const std::string& original() const { return original_; }

  // Throws Error "chat template: line 3, column 12: `problem`"; columns count code points.
  [[noreturn]] void fail_at(Position at, std::string_view problem) const;
  template <typename... Args>
  [[noreturn]] void fail(Position at, fmt::format_string<Args...> format, Args&&... args) const {
    fail_at(at, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::string original_;
  std::string text_;
};

}  // namespace jet::jinja
