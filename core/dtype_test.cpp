// Element types: sizes, names, and rows that do not fit blocks.
#include "core/dtype.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace jet {
namespace {

constexpr DType kAll[] = {DType::F32,  DType::F16,  DType::BF16, DType::I8,   DType::U8,
                          DType::I16,  DType::I32,  DType::I64,  DType::F64,  DType::Bool,
                          DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q5_1, DType::Q8_0,
                          DType::Q4_K, DType::Q5_K, DType::Q6_K};

TEST(DType, NamesParseBack) {
  for (const DType type : kAll) EXPECT_EQ(parse_dtype(name(type)), type) << name(type);
  EXPECT_EQ(parse_dtype("Q4_0"), std::nullopt);
  EXPECT_EQ(parse_dtype(""), std::nullopt);
}

TEST(DType, RowsHaveTheBytesOfTheirBlocks) {
  EXPECT_EQ(row_bytes(DType::F32, 3), 12);
  EXPECT_EQ(row_bytes(DType::BF16, 3), 6);
  EXPECT_EQ(row_bytes(DType::I64, 3), 24);
  EXPECT_EQ(row_bytes(DType::Q4_0, 64), 36);
  EXPECT_EQ(row_bytes(DType::Q4_1, 64), 40);
  EXPECT_EQ(row_bytes(DType::Q5_0, 64), 44);
  EXPECT_EQ(row_bytes(DType::Q5_1, 64), 48);
  EXPECT_EQ(row_bytes(DType::Q8_0, 64), 68);
  EXPECT_EQ(row_bytes(DType::Q4_K, 512), 288);
  EXPECT_EQ(row_bytes(DType::Q5_K, 512), 352);
  EXPECT_EQ(row_bytes(DType::Q6_K, 512), 420);
  for (const DType type : kAll) EXPECT_EQ(row_bytes(type, 0), 0) << name(type);
}

TEST(DType, RefusesRowsThatAreNotWholeBlocks) {
  EXPECT_THROW(row_bytes(DType::Q4_0, 33), Error);
  EXPECT_THROW(row_bytes(DType::Q6_K, 128), Error);
  EXPECT_THROW(row_bytes(DType::F32, -1), Error);
  EXPECT_THROW(row_bytes(DType::F64, INT64_MAX / 4), Error);  // more than 2^63 bytes
}

TEST(DType, TellsFloatsFromBlocks) {
  for (const DType type : kAll) {
    EXPECT_EQ(is_quantised(type), block_elements(type) > 1) << name(type);
    EXPECT_FALSE(is_float(type) && is_quantised(type)) << name(type);
  }
  EXPECT_TRUE(is_float(DType::BF16));
  EXPECT_FALSE(is_float(DType::F64));
}

}  // namespace
}  // namespace jet
