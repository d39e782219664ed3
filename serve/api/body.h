// The JSON object of a request, read field by field: every type and range is checked, and nothing
// is ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/json.h"

namespace jet::serve {

// A field that is absent or null is not there. Each getter throws ApiError 400 that names the field
// and what would be right. What is read or declared is known; check_all_known refuses the rest.
class Body {
 public:
  // Throws ApiError 400 on text that is not a JSON object.
  explicit Body(std::string_view text);
  Body(Json object, std::string path);

  const Json* find(std::string_view key);
  std::optional<int64_t> integer(std::string_view key, int64_t least, int64_t most);
  std::optional<double> number(std::string_view key, double least, double most);
  bool boolean(std::string_view key, bool otherwise);
  std::optional<std::string> string(std::string_view key);
  std::optional<Body> object(std::string_view key);
  // One of `values`.
  std::string choice(std::string_view key, std::span<const std::string_view> values,
                     std::string_view otherwise);

  // Fields that mean nothing here and do no harm ("user").
  void accept(std::span<const std::string_view> keys);
  // A field whose feature is missing: only its neutral value is taken.
  void only(std::string_view key, const Json& neutral, std::string_view why);
  void check_all_known() const;

  std::string path_of(std::string_view key) const;  // "stream_options.include_usage"
  [[noreturn]] void bad(std::string_view key, std::string_view problem) const;

 private:
  Json object_;
  std::string path_;  // "", or "stream_options."
  std::vector<std::string> known_;
};

// "a string", "an array": for messages.
std::string kind_of(const Json& value);

}  // namespace jet::serve
