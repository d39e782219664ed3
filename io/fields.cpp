// Fields: typed reading of a config object.
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/json.h"
#include "io/printable.h"

namespace jet {
namespace {

std::string_view kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "a boolean";
    default:
      return "a number";
  }
}

const Json* find(const Json& object, std::string_view key) {
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) {
    if (name == key) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

// The whole of `text` as a finite number, in JSON's notation or not ("1.", "+1" are refused).
std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Fields::Fields(const Json& object, std::string where, std::string path)
    : object_(object), where_(std::move(where)), path_(std::move(path)) {
  if (object_.is_object()) return;
  const std::string field = path_.empty() ? "" : fmt::format("field {}: ", path_);
  fail("{}: {}{}, expected an object", where_, field, kind_of(object_));
}

bool Fields::has(std::string_view key) const { return find(object_, key) != nullptr; }

void Fields::bad(std::string_view key, std::string_view problem) const {
  fail("{}: field {}{}{}: {}", where_, path_, path_.empty() ? "" : ".", printable(key), problem);
}

std::optional<int64_t> Fields::optional_integer(std::string_view key, int64_t least,
                                                int64_t most) const {
  const Json* value = find(object_, key);
  if (value == nullptr) return std::nullopt;
  const auto wrong = [&](std::string_view what) {
    bad(key, fmt::format("{}, expected an integer from {} to {}", what, least, most));
  };
  if (!value->is_number()) wrong(kind_of(*value));
  int64_t integer = 0;
  if (value->is_number_float()) {
    const double number = value->get<double>();
    if (number != std::floor(number) || std::abs(number) > 0x1p53) wrong(fmt::format("{}", number));
    integer = static_cast<int64_t>(number);
  } else {
    const auto bits = value->get<uint64_t>();
    if (value->is_number_unsigned() && bits > static_cast<uint64_t>(INT64_MAX)) {
      wrong(fmt::format("{}", bits));
    }
    integer = value->get<int64_t>();
  }
  if (integer < least || integer > most) wrong(fmt::format("{}", integer));
  return integer;
}

int64_t Fields::integer(std::string_view key, int64_t least, int64_t most) const {
  const auto value = optional_integer(key, least, most);
  if (!value) bad(key, fmt::format("missing, expected an integer from {} to {}", least, most));
  return *value;
}

std::optional<double> Fields::optional_number(std::string_view key) const {
  const Json* value = find(object_, key);
  if (value == nullptr) return std::nullopt;
  std::optional<double> number;
  if (value->is_number()) {
    number = value->get<double>();
  } else if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    number = parse_number(text);
    if (!number) bad(key, fmt::format("\"{}\", expected a number", printable(text)));
  } else {
    bad(key, fmt::format("{}, expected a number", kind_of(*value)));
  }
  if (!std::isfinite(*number)) bad(key, fmt::format("{}, expected a finite number", *number));
  return number;
}

double Fields::number(std::string_view key) const {
  const auto value = optional_number(key);
  if (!value) bad(key, "missing, expected a number");
  return *value;
}

bool Fields::boolean(std::string_view key, bool otherwise) const {
  const Json* value = find(object_, key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) bad(key, fmt::format("{}, expected true or false", kind_of(*value)));
  return value->get<bool>();
}

std::optional<std::string> Fields::optional_string(std::string_view key) const {
  const Json* value = find(object_, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) bad(key, fmt::format("{}, expected a string", kind_of(*value)));
  return value->get<std::string>();
}

std::string Fields::string(std::string_view key) const {
  auto value = optional_string(key);
  if (!value) bad(key, "missing, expected a string");
  return *std::move(value);
}

Fields Fields::object(std::string_view key) const {
  const Json* value = find(object_, key);
  if (value == nullptr) bad(key, "missing, expected an object");
  return Fields(*value, where_,
                path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key));
}

}  // namespace jet
