#include "serve/api/body.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <jet/error.h>

#include "serve/api/error.h"

namespace jet::serve {
namespace {

Json parse_object(std::string_view text) {
  if (text.empty()) throw ApiError(400, "the body is empty, expected a JSON object");
  Json object;
  try {
    object = parse_json(text, "body");
  } catch (const Error& error) {
    throw ApiError(400, error.what(), {}, "invalid_json");
  }
  if (!object.is_object())
    throw ApiError(400, fmt::format("the body is {}, expected a JSON object", kind_of(object)));
  return object;
}

}  // namespace

std::string kind_of(const Json& value) {
  std::string type = value.type_name();
  if (type == "null") return type;
  return (type == "array" || type == "object" ? "an " : "a ") + type;
}

Body::Body(std::string_view text) : object_(parse_object(text)) {}

Body::Body(Json object, std::string path) : object_(std::move(object)), path_(std::move(path)) {}

const Json* Body::find(std::string_view key) {
  known_.emplace_back(key);
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<int64_t> Body::integer(std::string_view key, int64_t least, int64_t most) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto expected = [&] {
    return fmt::format("expected an integer from {} to {}", least, most);
  };
  if (!value->is_number()) bad(key, fmt::format("is {}, {}", kind_of(*value), expected()));
  if (value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    bad(key, fmt::format("is {}, {}", value->dump(), expected()));
  if (value->is_number_float()) {
    const double given = value->get<double>();
    // 2^53: beyond, a double need not be the integer that was meant.
    if (given != std::floor(given) || std::abs(given) > 9007199254740992.0)
      bad(key, fmt::format("is {}, {}", value->dump(), expected()));
  }
  const auto given =
      value->is_number_float() ? static_cast<int64_t>(value->get<double>()) : value->get<int64_t>();
  if (given < least || given > most) bad(key, fmt::format("is {}, {}", given, expected()));
  return given;
}

std::optional<double> Body::number(std::string_view key, double least, double most) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto expected = [&] { return fmt::format("expected a number from {} to {}", least, most); };
  if (!value->is_number()) bad(key, fmt::format("is {}, {}", kind_of(*value), expected()));
  const double given = value->get<double>();
  const bool within = given >= least && given <= most;  // NaN is not
  if (!within) bad(key, fmt::format("is {}, {}", value->dump(), expected()));
  return given;
}

bool Body::boolean(std::string_view key, bool otherwise) {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) bad(key, fmt::format("is {}, expected true or false", kind_of(*value)));
  return value->get<bool>();
}

std::optional<std::string> Body::string(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) bad(key, fmt::format("is {}, expected a string", kind_of(*value)));
  return value->get<std::string>();
}

std::optional<Body> Body::object(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) bad(key, fmt::format("is {}, expected an object", kind_of(*value)));
  return Body(*value, path_of(key) + ".");
}

std::string Body::choice(std::string_view key, std::span<const std::string_view> values,
                         std::string_view otherwise) {
  const auto given = string(key);
  if (!given) return std::string(otherwise);
  if (std::ranges::find(values, *given) == values.end())
    bad(key, fmt::format("is none of {}", fmt::join(values, ", ")));
  return *given;
}

void Body::accept(std::span<const std::string_view> keys) {
  known_.insert(known_.end(), keys.begin(), keys.end());
}

void Body::only(std::string_view key, const Json& neutral, std::string_view why) {
  const Json* value = find(key);
  if (value != nullptr && *value != neutral) bad(key, why);
}

void Body::check_all_known() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::ranges::find(known_, key) == known_.end()) bad(key, "is not a field of this request");
  }
}

std::string Body::path_of(std::string_view key) const { return fmt::format("{}{}", path_, key); }

void Body::bad(std::string_view key, std::string_view problem) const {
  const std::string field = path_of(key);
  throw ApiError(400, fmt::format("{} {}", field, problem), field);
}

}  // namespace jet::serve
