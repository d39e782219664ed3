// Typed access to the metadata of a GGUF file.
#include <cmath>

#include "core/error.h"
#include "io/gguf_format.h"
#include "io/printable.h"

namespace jet {
namespace {

[[noreturn]] void bad(const GgufMetadata& metadata, std::string_view key,
                      std::string_view problem) {
  fail("{}{}metadata key {}: {}", metadata.where, metadata.where.empty() ? "" : ": ",
       printable(key), problem);
}

std::string kind_of(const GgufValue& value) {
  return fmt::format("{}{}", value.is_array ? "an array of " : "of type ", name(value.type));
}

std::string integer_between(int64_t least, int64_t most) {
  return fmt::format("expected an integer from {} to {}", least, most);
}

// The elements of an array whose element type is `accepted`; nullptr when the key is absent.
template <typename Values, typename Accepted>
const Values* array(const GgufMetadata& metadata, std::string_view key, std::string_view expected,
                    Accepted accepted) {
  const GgufValue* value = metadata.find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array || !accepted(value->type)) {
    bad(metadata, key, fmt::format("{}, expected an array of {}", kind_of(*value), expected));
  }
  return &std::get<Values>(value->values);
}

template <typename T>
T required(std::optional<T> value, const GgufMetadata& metadata, std::string_view key,
           std::string_view expected) {
  if (!value) bad(metadata, key, fmt::format("missing, {}", expected));
  return *std::move(value);
}

}  // namespace

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &entries_[found->second].second;
}

void GgufMetadata::set(std::string key, GgufValue value) {
  const auto [position, is_new] = index_.try_emplace(key, entries_.size());
  if (is_new) {
    entries_.emplace_back(std::move(key), std::move(value));
  } else {
    entries_[position->second].second = std::move(value);
  }
}

std::optional<int64_t> GgufMetadata::optional_integer(std::string_view key, int64_t least,
                                                      int64_t most) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_array || !is_integer(value->type)) {
    bad(*this, key, fmt::format("{}, {}", kind_of(*value), integer_between(least, most)));
  }
  const int64_t integer = std::get<GgufValue::Integers>(value->values).at(0);
  if (integer < least || integer > most) {
    bad(*this, key, fmt::format("{}, {}", integer, integer_between(least, most)));
  }
  return integer;
}

int64_t GgufMetadata::integer(std::string_view key, int64_t least, int64_t most) const {
  return required(optional_integer(key, least, most), *this, key, integer_between(least, most));
}

std::optional<double> GgufMetadata::optional_number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array && is_integer(value->type)) {
    return static_cast<double>(std::get<GgufValue::Integers>(value->values).at(0));
  }
  if (value->is_array || !is_floating(value->type)) {
    bad(*this, key, fmt::format("{}, expected a number", kind_of(*value)));
  }
  const double number = std::get<GgufValue::Floats>(value->values).at(0);
  if (!std::isfinite(number)) bad(*this, key, fmt::format("{}, expected a finite number", number));
  return number;
}

double GgufMetadata::number(std::string_view key) const {
  return required(optional_number(key), *this, key, "expected a number");
}

std::optional<std::string> GgufMetadata::optional_string(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_array || value->type != GgufType::String) {
    bad(*this, key, fmt::format("{}, expected a string", kind_of(*value)));
  }
  return std::get<GgufValue::Strings>(value->values).at(0);
}

std::string GgufMetadata::string(std::string_view key) const {
  return required(optional_string(key), *this, key, "expected a string");
}

std::optional<bool> GgufMetadata::optional_boolean(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_array || value->type != GgufType::Bool) {
    bad(*this, key, fmt::format("{}, expected a bool", kind_of(*value)));
  }
  return std::get<GgufValue::Integers>(value->values).at(0) != 0;
}

const GgufValue::Strings* GgufMetadata::strings(std::string_view key) const {
  return array<GgufValue::Strings>(*this, key, "strings",
                                   [](GgufType type) { return type == GgufType::String; });
}

const GgufValue::Integers* GgufMetadata::integers(std::string_view key) const {
  return array<GgufValue::Integers>(*this, key, "integers", is_integer);
}

const GgufValue::Floats* GgufMetadata::floats(std::string_view key) const {
  return array<GgufValue::Floats>(*this, key, "floats", is_floating);
}

void GgufMetadata::set_integer(std::string key, int64_t value, GgufType type) {
  set(std::move(key), {type, false, GgufValue::Integers{value}});
}

void GgufMetadata::set_number(std::string key, double value, GgufType type) {
  set(std::move(key), {type, false, GgufValue::Floats{value}});
}

void GgufMetadata::set_boolean(std::string key, bool value) {
  set(std::move(key), {GgufType::Bool, false, GgufValue::Integers{value ? 1 : 0}});
}

void GgufMetadata::set_string(std::string key, std::string value) {
  set(std::move(key), {GgufType::String, false, GgufValue::Strings{std::move(value)}});
}

void GgufMetadata::set_strings(std::string key, GgufValue::Strings values) {
  set(std::move(key), {GgufType::String, true, std::move(values)});
}

void GgufMetadata::set_integers(std::string key, GgufValue::Integers values, GgufType type) {
  set(std::move(key), {type, true, std::move(values)});
}

}  // namespace jet
