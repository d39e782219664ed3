// The element types of safetensors files.
#include "io/safetensors_dtype.h"

#include <array>
#include <utility>

namespace jet {
namespace {

constexpr std::array<std::pair<DType, std::string_view>, 10> kNames{{
    {DType::F32, "F32"},
    {DType::F16, "F16"},
    {DType::BF16, "BF16"},
    {DType::I8, "I8"},
    {DType::U8, "U8"},
    {DType::I16, "I16"},
    {DType::I32, "I32"},
    {DType::I64, "I64"},
    {DType::F64, "F64"},
    {DType::Bool, "BOOL"},
}};

}  // namespace

std::string_view safetensors_name(DType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return name;
  }
  return {};
}

std::optional<DType> parse_safetensors_dtype(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

}  // namespace jet
