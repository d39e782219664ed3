#include "core/dtype.h"

#include <array>

#include "core/checked.h"
#include "core/error.h"

namespace jet {
namespace {

struct Entry {
  DType type;
  std::string_view name;
  int64_t elements;
  int64_t bytes;
};

constexpr std::array kTypes{
    Entry{DType::F32, "f32", 1, 4},       Entry{DType::F16, "f16", 1, 2},
    Entry{DType::BF16, "bf16", 1, 2},     Entry{DType::I8, "i8", 1, 1},
    Entry{DType::U8, "u8", 1, 1},         Entry{DType::I16, "i16", 1, 2},
    Entry{DType::I32, "i32", 1, 4},       Entry{DType::I64, "i64", 1, 8},
    Entry{DType::F64, "f64", 1, 8},       Entry{DType::Bool, "bool", 1, 1},
    Entry{DType::Q4_0, "q4_0", 32, 18},   Entry{DType::Q4_1, "q4_1", 32, 20},
    Entry{DType::Q5_0, "q5_0", 32, 22},   Entry{DType::Q5_1, "q5_1", 32, 24},
    Entry{DType::Q8_0, "q8_0", 32, 34},   Entry{DType::Q4_K, "q4_k", 256, 144},
    Entry{DType::Q5_K, "q5_k", 256, 176}, Entry{DType::Q6_K, "q6_k", 256, 210},
};

const Entry& entry(DType type) { return kTypes[static_cast<size_t>(type)]; }

constexpr bool in_enum_order() {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (static_cast<size_t>(kTypes[i].type) != i) return false;
  }
  return true;
}
static_assert(in_enum_order());

}  // namespace

int64_t block_elements(DType type) { return entry(type).elements; }

int64_t block_bytes(DType type) { return entry(type).bytes; }

int64_t row_bytes(DType type, int64_t n) {
  const Entry& e = entry(type);
  if (n < 0 || n % e.elements != 0) {
    fail("a row of {} numbers is not a whole number of {} blocks of {}", n, e.name, e.elements);
  }
  return checked_mul(n / e.elements, e.bytes);
}

std::string_view name(DType type) { return entry(type).name; }

std::optional<DType> parse_dtype(std::string_view name) {
  for (const Entry& e : kTypes) {
    if (e.name == name) return e.type;
  }
  return std::nullopt;
}

bool is_float(DType type) {
  return type == DType::F32 || type == DType::F16 || type == DType::BF16;
}

bool is_quantised(DType type) { return entry(type).elements > 1; }

}  // namespace jet
