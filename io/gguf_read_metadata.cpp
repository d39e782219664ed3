// Reading the metadata of a GGUF file: every value is copied out.
#include "io/gguf_read_metadata.h"

#include <bit>
#include <utility>

#include "io/gguf_format.h"
#include "io/printable.h"

namespace jet {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they lie in the file");

constexpr uint64_t kMostElements = uint64_t{1} << 26;  // of an array: far beyond any vocabulary
constexpr size_t kMostKeyBytes = 65535;                // by the format's specification

GgufType read_type(GgufCursor& in, std::string_view what) {
  const auto number = in.number<uint32_t>(what);
  if (number >= kGgufTypes) {
    in.bad(fmt::format("{} is {}, types are 0 to {}", what, number, kGgufTypes - 1));
  }
  return static_cast<GgufType>(number);
}

template <typename T>
std::vector<int64_t> integers(GgufCursor& in, GgufType type, uint64_t count,
                              std::string_view what) {
  const auto bytes = in.take(count * sizeof(T), what);
  std::vector<int64_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    if (std::cmp_greater(value, integer_range(type).most)) {
      in.bad(fmt::format("{} holds {}, at most {} fits", what, value, integer_range(type).most));
    }
    values[i] = static_cast<int64_t>(value);
  }
  return values;
}

template <typename T>
std::vector<double> floats(GgufCursor& in, uint64_t count, std::string_view what) {
  const auto bytes = in.take(count * sizeof(T), what);
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

std::vector<std::string> strings(GgufCursor& in, uint64_t count, std::string_view what) {
  std::vector<std::string> values;
  values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) values.emplace_back(in.string(what));
  return values;
}

decltype(GgufValue::values) read_values(GgufCursor& in, GgufType type, uint64_t count,
                                        std::string_view what) {
  switch (type) {
    case GgufType::Bool:
    case GgufType::U8:
      return integers<uint8_t>(in, type, count, what);
    case GgufType::I8:
      return integers<int8_t>(in, type, count, what);
    case GgufType::U16:
      return integers<uint16_t>(in, type, count, what);
    case GgufType::I16:
      return integers<int16_t>(in, type, count, what);
    case GgufType::U32:
      return integers<uint32_t>(in, type, count, what);
    case GgufType::I32:
      return integers<int32_t>(in, type, count, what);
    case GgufType::U64:
      return integers<uint64_t>(in, type, count, what);
    case GgufType::I64:
      return integers<int64_t>(in, type, count, what);
    case GgufType::F32:
      return floats<float>(in, count, what);
    case GgufType::F64:
      return floats<double>(in, count, what);
    case GgufType::String:
      return strings(in, count, what);
    case GgufType::Array:
      break;
  }
  in.bad(fmt::format("{} is an array of arrays, which is not supported", what));
}

GgufValue read_value(GgufCursor& in, std::string_view key) {
  const std::string what = "the value of " + printable(key);
  GgufValue value;
  value.type = read_type(in, "the type of " + printable(key));
  uint64_t count = 1;
  if (value.type == GgufType::Array) {
    value.is_array = true;
    value.type = read_type(in, "the element type of " + printable(key));
    count = in.count(least_bytes(value.type), "the length of the array " + printable(key));
    if (count > kMostElements) {
      in.bad(fmt::format("{} has {} elements, at most {} are allowed", what, count, kMostElements));
    }
  }
  value.values = read_values(in, value.type, count, what);
  return value;
}

}  // namespace

GgufMetadata read_gguf_metadata(GgufCursor& in, uint64_t count) {
  GgufMetadata metadata;
  metadata.where = in.where();
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view key = in.string(fmt::format("the key of metadata entry {}", i));
    if (key.size() > kMostKeyBytes) {
      in.bad(fmt::format("a key of {} bytes, at most {} are allowed", key.size(), kMostKeyBytes));
    }
    if (metadata.has(key)) in.bad(fmt::format("the key {} is given twice", printable(key)));
    metadata.set(std::string(key), read_value(in, key));
  }
  return metadata;
}

}  // namespace jet
