// Tables of the GGUF format (ggml.h, enum ggml_type; docs/gguf.md).
#include "io/gguf_format.h"

#include <algorithm>
#include <array>
#include <limits>

namespace jet {
namespace {

struct ValueType {
  std::string_view name;
  size_t bytes;
  IntegerRange range;
};

template <typename T>
constexpr IntegerRange range_of() {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<T>::max());
  return {static_cast<int64_t>(std::numeric_limits<T>::min()),
          static_cast<int64_t>(std::min(kMost, static_cast<uint64_t>(INT64_MAX)))};
}

// In the order of GgufType.
constexpr std::array<ValueType, kGgufTypes> kValueTypes{{
    {"u8", 1, range_of<uint8_t>()},
    {"i8", 1, range_of<int8_t>()},
    {"u16", 2, range_of<uint16_t>()},
    {"i16", 2, range_of<int16_t>()},
    {"u32", 4, range_of<uint32_t>()},
    {"i32", 4, range_of<int32_t>()},
    {"f32", 4, {}},
    {"bool", 1, {0, 1}},
    {"string", 8, {}},
    {"array", 12, {}},
    {"u64", 8, range_of<uint64_t>()},
    {"i64", 8, range_of<int64_t>()},
    {"f64", 8, {}},
}};

const ValueType& entry(GgufType type) { return kValueTypes[static_cast<size_t>(type)]; }

struct TensorType {
  uint32_t number;
  std::string_view name;
  std::optional<DType> type;  // empty: not supported
};

constexpr std::array kTensorTypes{
    TensorType{0, "F32", DType::F32},    TensorType{1, "F16", DType::F16},
    TensorType{2, "Q4_0", DType::Q4_0},  TensorType{3, "Q4_1", DType::Q4_1},
    TensorType{4, "Q4_2", {}},           TensorType{5, "Q4_3", {}},
    TensorType{6, "Q5_0", DType::Q5_0},  TensorType{7, "Q5_1", DType::Q5_1},
    TensorType{8, "Q8_0", DType::Q8_0},  TensorType{9, "Q8_1", {}},
    TensorType{10, "Q2_K", {}},          TensorType{11, "Q3_K", {}},
    TensorType{12, "Q4_K", DType::Q4_K}, TensorType{13, "Q5_K", DType::Q5_K},
    TensorType{14, "Q6_K", DType::Q6_K}, TensorType{15, "Q8_K", {}},
    TensorType{16, "IQ2_XXS", {}},       TensorType{17, "IQ2_XS", {}},
    TensorType{18, "IQ3_XXS", {}},       TensorType{19, "IQ1_S", {}},
    TensorType{20, "IQ4_NL", {}},        TensorType{21, "IQ3_S", {}},
    TensorType{22, "IQ2_S", {}},         TensorType{23, "IQ4_XS", {}},
    TensorType{24, "I8", DType::I8},     TensorType{25, "I16", DType::I16},
    TensorType{26, "I32", DType::I32},   TensorType{27, "I64", DType::I64},
    TensorType{28, "F64", DType::F64},   TensorType{29, "IQ1_M", {}},
    TensorType{30, "BF16", DType::BF16}, TensorType{31, "Q4_0_4_4", {}},
    TensorType{32, "Q4_0_4_8", {}},      TensorType{33, "Q4_0_8_8", {}},
    TensorType{34, "TQ1_0", {}},         TensorType{35, "TQ2_0", {}},
    TensorType{36, "IQ4_NL_4_4", {}},    TensorType{37, "IQ4_NL_4_8", {}},
    TensorType{38, "IQ4_NL_8_8", {}},    TensorType{39, "MXFP4", {}},
};

const TensorType* find(uint32_t number) {
  const auto* found = std::ranges::find(kTensorTypes, number, &TensorType::number);
  return found == kTensorTypes.end() ? nullptr : found;
}

}  // namespace

std::string_view name(GgufType type) { return entry(type).name; }

size_t least_bytes(GgufType type) { return entry(type).bytes; }

IntegerRange integer_range(GgufType type) { return entry(type).range; }

bool is_integer(GgufType type) { return type != GgufType::Bool && integer_range(type).most > 0; }

bool is_floating(GgufType type) { return type == GgufType::F32 || type == GgufType::F64; }

std::optional<uint32_t> ggml_number(DType type) {
  const auto* found = std::ranges::find(kTensorTypes, std::optional(type), &TensorType::type);
  if (found == kTensorTypes.end()) return std::nullopt;
  return found->number;
}

std::optional<DType> parse_ggml_number(uint32_t number) {
  const TensorType* found = find(number);
  return found == nullptr ? std::nullopt : found->type;
}

std::string_view ggml_name(uint32_t number) {
  const TensorType* found = find(number);
  return found == nullptr ? std::string_view{} : found->name;
}

}  // namespace jet
