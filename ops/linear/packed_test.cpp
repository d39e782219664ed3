// Packed weights: every instruction set gives the same bits, which are those of float64 sums over
// the quantised numbers up to float32's rounding, in any batch, group and thread count.
#include "ops/linear/packed.h"

#include <array>
#include <cstring>

#include "core/block_types/block_types.h"
#include "ops/linear/int8.h"
#include "ops/linear/kernels.h"
#include "ops/packing_preparer.h"
#include "ops/testing/op_test.h"
#include "ops/testing/random_weight.h"
#include "ops/testing/run_linear.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::packed_weight;
using testing::run;

constexpr std::array kTypes{DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q5_1,
                            DType::Q8_0, DType::Q4_K, DType::Q5_K, DType::Q6_K};

// x as int8 blocks see it: each number rounded to a multiple of its block's largest / 127, and what
// that leaves again where there is a second term.
std::vector<float> rounded(std::span<const float> x, int64_t terms) {
  std::vector<float> values(x.begin(), x.end());
  for (size_t b = 0; b < x.size(); b += 32) {
    std::vector<float> left(x.begin() + static_cast<int64_t>(b),
                            x.begin() + static_cast<int64_t>(b) + 32);
    for (int64_t k = 0; k < terms; ++k) {
      float largest = 0;
      for (const float number : left) largest = std::max(largest, std::abs(number));
      const float d = largest * (1.0f / 127);
      for (float& number : left)
        number = d == 0 ? number : std::fma(-d, std::nearbyint(number * (1 / d)), number);
    }
    for (size_t i = 0; i < 32; ++i) values[b + i] -= left[i];
  }
  return values;
}

TEST(PackedLinear, EveryInstructionSetGivesTheReferenceAndTheSameBits) {
  for (const DType type : kTypes) {
    for (const int64_t blocks : {1, 3}) {
      const int64_t in = blocks * block_elements(type);
      for (const int64_t out : {1, 16, 37}) {
        const Weight weight = packed_weight(type, out, in, 1);
        ASSERT_NE(weight.packed, nullptr);
        const auto bias = normals(out, 2);
        for (const int64_t tokens : {0, 1, 3, 15, 33}) {
          const auto x = normals(tokens * in, 3);
          const auto seen = rounded(x, int8_terms(type));
          const auto expected = linear_reference({.x = view_of(seen, Shape{tokens, in}),
                                                  .weight = weight,
                                                  .bias = view_of(bias, Shape{out}),
                                                  .y = {}});
          std::vector<float> first;
          for (const Int8Kernels& kernels : int8_kernels()) {
            const WithInt8Kernels chosen(kernels);
            const auto y = run(1, x, weight, bias);
            // Outputs are of order 1; up to 48 blocks are summed in float32.
            EXPECT_LT(testing::worst_error(y, expected), 2e-6)
                << kernels.name << " " << name(type) << " " << tokens << " x " << in << " -> "
                << out;
            if (first.empty()) first = y;
            EXPECT_TRUE(testing::same_bits(y, first)) << kernels.name << " " << name(type);
          }
        }
      }
    }
  }
}

// Rounding an activation moves it by half a step of its block at most, on average by 0.29 of one;
// a step is about 2.5 / 127 here. The errors of a sum of products of order in^-1/2 stay near 0.6 %.
// A second term rounds what is left, half a step at most, to 1/254 of a step.
TEST(PackedLinear, StaysWithinTheRoundingOfActivations) {
  for (const DType type : kTypes) {
    const int64_t in = 768;
    const Weight weight = packed_weight(type, 40, in, 4);
    const auto x = normals(20 * in, 5);
    const auto y = run(2, x, weight);
    const auto exact =
        linear_reference({.x = view_of(x, Shape{20, in}), .weight = weight, .y = {}});
    double squares = 0;
    for (size_t i = 0; i < y.size(); ++i) squares += (y[i] - exact[i]) * (y[i] - exact[i]);
    const double bound = int8_terms(type) == 2 ? 0.008 / 254 : 0.008;
    EXPECT_LT(std::sqrt(squares / static_cast<double>(y.size())), bound) << name(type);
  }
}

TEST(PackedLinear, ARowIsBitIdenticalInAnyBatchAndThreadCount) {
  for (const DType type : {DType::Q4_1, DType::Q8_0, DType::Q6_K}) {
    const int64_t in = 256;
    const int64_t out = 300;  // enough for threads to share a single token
    const Weight weight = packed_weight(type, out, in, 6);
    const auto row = normals(in, 7);
    const auto alone = run(1, row, weight);
    for (const Int8Kernels& kernels : int8_kernels()) {
      if (kernels.name == kInt8Portable.name) continue;
      const WithInt8Kernels chosen(kernels);
      for (int64_t tokens = 1; tokens <= 70; tokens += tokens < 20 ? 1 : 7) {
        auto x = normals(tokens * in, 8);
        const int64_t place = tokens * 5 / 7;
        std::copy(row.begin(), row.end(), x.begin() + place * in);
        const auto y = run(static_cast<int>(1 + tokens % 3), x, weight);
        ASSERT_EQ(std::memcmp(y.data() + place * out, alone.data(), alone.size() * 4), 0)
            << kernels.name << " " << name(type) << ": row " << place << " of " << tokens;
      }
    }
  }
}

// So wide that panels pass only the first 64 rows of x before they come again.
TEST(PackedLinear, ARowIsBitIdenticalBeyondThoseThatStayNear) {
  const int64_t in = 4096, tokens = 70, out = 20;
  const Weight weight = packed_weight(DType::Q4_1, out, in, 9);
  const auto x = normals(tokens * in, 10);
  const auto y = run(2, x, weight);
  for (const int64_t row : {int64_t{63}, int64_t{64}, tokens - 1}) {
    const auto alone = run(1, std::span(x).subspan(static_cast<size_t>(row * in), in), weight);
    EXPECT_TRUE(
        testing::same_bits(std::span(y).subspan(static_cast<size_t>(row * out), out), alone))
        << row;
  }
}

TEST(PackedLinear, ANumberThatIsNotFiniteStaysInItsRow) {
  const int64_t in = 64;
  const Weight weight = packed_weight(DType::Q4_0, 5, in, 9);
  const auto good = normals(3 * in, 10);
  const auto expected = run(1, good, weight);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto x = good;
    x[in + 40] = bad;
    OpContext op;
    std::vector<float> y(3 * 5);
    for (const Int8Kernels& kernels : int8_kernels()) {
      const WithInt8Kernels chosen(kernels);
      const Linear args{.x = view_of(std::span<const float>(x), Shape{3, in}),
                        .weight = weight,
                        .y = view_of(std::span<float>(y), Shape{3, 5})};
      linear(op.context, args, op.workspace(linear_workspace(op.context, args)));
      for (size_t i = 0; i < 15; ++i) {
        if (i / 5 == 1)
          EXPECT_TRUE(std::isnan(y[i])) << kernels.name;
        else
          EXPECT_EQ(y[i], expected[i]) << kernels.name;
      }
    }
  }
}

TEST(PackedLinear, TinyNumbersAndZerosAreSummedToo) {
  const Weight weight = packed_weight(DType::Q8_0, 3, 32, 11);
  std::vector<float> x(32, 1e-40f);  // 1 / (largest / 127) is beyond float32
  for (const Int8Kernels& kernels : int8_kernels()) {
    const WithInt8Kernels chosen(kernels);
    for (const float y : run(1, x, weight)) EXPECT_NEAR(y, 0, 1e-38) << kernels.name;
  }
}

// A group of packed weights and rows of floats: each part is what it is alone.
TEST(PackedLinear, APartIsBitIdenticalInAnyGroup) {
  const int64_t in = 256;
  const std::vector<Weight> weights{
      packed_weight(DType::Q4_K, 70, in, 12),
      Weight{testing::random_weight(DType::BF16, 20, in, 13, 0.1).tensor},
      packed_weight(DType::Q8_0, 9, in, 14)};
  for (const int64_t tokens : {1, 33}) {
    const auto x = normals(tokens * in, 15);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      std::vector<Guarded> ys;
      for (const Weight& weight : weights) ys.emplace_back(Shape{tokens, weight.out()});
      const std::vector<LinearPart> parts{{.weight = weights[0], .y = ys[0].view()},
                                          {.weight = weights[1], .y = ys[1].view()},
                                          {.weight = weights[2], .y = ys[2].view()}};
      const LinearGroup group{view_of(x, Shape{tokens, in}), parts};
      linear(op.context, group, op.workspace(linear_workspace(op.context, group)));
      for (size_t p = 0; p < ys.size(); ++p) {
        ys[p].check();
        EXPECT_TRUE(testing::same_bits(ys[p].values(), run(1, x, weights[p])))
            << tokens << " " << p;
      }
    }
  }
}

}  // namespace
}  // namespace jet
