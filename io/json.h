// JSON from files that may be hostile: bounded depth, no duplicate keys, and fields read by name
// with a clear error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace jet {

// Keeps the order of keys, so that a file that is read and written again looks the same. Declared
// only: a file that works with values includes <nlohmann/json.hpp>, which takes long to compile.
using Json = nlohmann::ordered_json;

// Throws Error "`where`: line L, column C: ..." on bad JSON, bad UTF-8, a duplicate key, a number
// that overflows, or nesting deeper than 100.
Json parse_json(std::string_view text, std::string_view where);

// Fields of one JSON object, for reading a config. Every getter throws Error naming the file, the
// field's path and what would be right when the field is missing, of another type, or out of range.
class Fields {
 public:
  Fields(const Json& object, std::string where, std::string path = "");

  bool has(std::string_view key) const;  // present and not null
  // An integer; also one written as 12.0.
  int64_t integer(std::string_view key, int64_t least, int64_t most) const;
  std::optional<int64_t> optional_integer(std::string_view key, int64_t least, int64_t most) const;
  // A finite number; also one written as a string, as in "1e-5".
  double number(std::string_view key) const;
  std::optional<double> optional_number(std::string_view key) const;
  bool boolean(std::string_view key, bool otherwise) const;
  std::string string(std::string_view key) const;
  std::optional<std::string> optional_string(std::string_view key) const;
  Fields object(std::string_view key) const;
  const Json& json() const { return object_; }
  const std::string& where() const { return where_; }
  // "config.json: field a.b: `problem`"
  [[noreturn]] void bad(std::string_view key, std::string_view problem) const;

 private:
  const Json& object_;
  std::string where_;
  std::string path_;
};

}  // namespace jet
