// What reading and writing of safetensors share: names of the element types, and the limit of the
// header.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/dtype.h"

namespace jet {

inline constexpr size_t kMaxSafetensorsHeader =
    100'000'000;  // bytes, as in the reference implementation

// "F32", "BF16", "BOOL"; empty for a type that safetensors does not know.
std::string_view safetensors_name(DType type);
std::optional<DType> parse_safetensors_dtype(std::string_view name);

}  // namespace jet
