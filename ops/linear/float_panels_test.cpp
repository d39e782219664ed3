// Packed float weights: the float64 reference within float32's rounding, and the same bits on every
// instruction set with fused multiply-adds, in any batch, group and thread count.
#include "ops/linear/float_panels.h"

#include <array>

#include "ops/linear/kernels.h"
#include "ops/packing_preparer.h"
#include "ops/testing/op_test.h"
#include "ops/testing/random_weight.h"
#include "ops/testing/run_linear.h"
#include "ops/testing/simd_target.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::packed_weight;
using testing::run;
using testing::simd_targets;
using testing::WithSimdTarget;

constexpr std::array kTypes{DType::F32, DType::F16, DType::BF16};

// Outputs are of order 1. A float32 sum of n random products, one after another, errs by some
// 2^-25 (n / 2)^1/2: 1e-6 for 2,000, of thousands of outputs the worst by five times as much.
constexpr double kTolerance = 5e-6;

TEST(FloatPanels, EqualTheReferenceOverAwkwardShapes) {
  struct Case {
    int64_t tokens, in, out;
  };
  for (const auto& [tokens, in, out] :
       {Case{1, 1, 1}, Case{1, 7, 3}, Case{2, 8, 16}, Case{3, 33, 40}, Case{5, 576, 12},
        Case{15, 130, 65}, Case{16, 64, 64}, Case{37, 100, 70}, Case{64, 513, 33},
        Case{1, 2000, 150}, Case{70, 1100, 17}, Case{0, 8, 4}, Case{2, 8, 0}}) {
    const auto x = normals(tokens * in, 1);
    const auto bias = normals(out, 2);
    for (const DType type : kTypes) {
      const Weight weight = packed_weight(type, out, in, 3);
      ASSERT_NE(weight.packed, nullptr);
      Linear args{.x = view_of(x, Shape{tokens, in}), .weight = weight, .y = {}};
      EXPECT_LT(testing::worst_error(run(3, x, weight), linear_reference(args)), kTolerance)
          << tokens << " x " << in << " -> " << out << " " << name(type);
      args.bias = view_of(bias, Shape{out});
      EXPECT_LT(testing::worst_error(run(2, x, weight, bias), linear_reference(args)), kTolerance)
          << tokens << " x " << in << " -> " << out << " " << name(type) << " with a bias";
    }
  }
}

TEST(FloatPanels, ASumOfNothingIsTheBias) {
  const Weight weight = PackingPreparer(1).weight(Tensor(DType::F32, Shape{3, 0}));
  const std::vector<float> bias{1, 2, 3};
  OpContext op;
  Guarded y(Shape{2, 3});
  const Linear args{.x = {nullptr, DType::F32, Shape{2, 0}},
                    .weight = weight,
                    .bias = view_of(bias, Shape{3}),
                    .y = y.view()};
  linear(op.context, args, op.workspace(linear_workspace(op.context, args)));
  EXPECT_EQ(std::vector<float>(y.values().begin(), y.values().end()),
            (std::vector<float>{1, 2, 3, 1, 2, 3}));
}

TEST(FloatPanels, EveryInstructionSetGivesTheReferenceAndThoseWithFusedMultiplyAddsTheSameBits) {
  for (const DType type : kTypes) {
    const Weight weight = packed_weight(type, 150, 70, 4);
    const auto x = normals(23 * 70, 5);
    const Linear args{.x = view_of(x, Shape{23, 70}), .weight = weight, .y = {}};
    const auto best = run(1, x, weight);
    for (const int64_t target : simd_targets()) {
      const WithSimdTarget chosen(target);
      const auto y = run(1, x, weight);
      EXPECT_LT(testing::worst_error(y, linear_reference(args)), kTolerance)
          << hwy::TargetName(target) << " " << name(type);
      const bool is_fused = !HWY_ARCH_X86 || target <= HWY_AVX2;  // better ones are smaller numbers
      EXPECT_TRUE(!is_fused || testing::same_bits(y, best))
          << hwy::TargetName(target) << " " << name(type);
    }
  }
}

TEST(FloatPanels, ARowIsBitIdenticalInAnyBatchAndThreadCount) {
  for (const DType type : kTypes) {
    const int64_t in = 130;
    const int64_t out = 600;  // enough for threads to share a single token
    const Weight weight = packed_weight(type, out, in, 6);
    const auto row = normals(in, 7);
    const auto alone = run(1, row, weight);
    for (int64_t tokens = 1; tokens <= 70; tokens += tokens < 20 ? 1 : 7) {
      auto x = normals(tokens * in, 8);
      const int64_t place = tokens * 5 / 7;
      std::copy(row.begin(), row.end(), x.begin() + place * in);
      const auto y = run(static_cast<int>(1 + tokens % 3), x, weight);
      EXPECT_TRUE(testing::same_bits(
          std::span(y).subspan(static_cast<size_t>(place * out), static_cast<size_t>(out)), alone))
          << name(type) << ": row " << place << " of " << tokens;
    }
  }
}

// All three paths over one x.
TEST(FloatPanels, APartIsBitIdenticalInAnyGroup) {
  const int64_t in = 256;
  const std::vector<Weight> weights{
      packed_weight(DType::BF16, 70, in, 9), packed_weight(DType::Q4_K, 9, in, 10),
      testing::random_weight(DType::F32, 20, in, 11, 0.1), packed_weight(DType::F32, 33, in, 12)};
  for (const int64_t tokens : {1, 33}) {
    const auto x = normals(tokens * in, 13);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      std::vector<Guarded> ys;
      for (const Weight& weight : weights) ys.emplace_back(Shape{tokens, weight.out()});
      std::vector<LinearPart> parts;
      for (size_t p = 0; p < weights.size(); ++p)
        parts.push_back({.weight = weights[p], .y = ys[p].view()});
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

TEST(FloatPanels, PackFloatsAtAnyAddress) {
  const int64_t in = 20;
  const int64_t out = 19;
  const Weight weight = testing::random_weight(DType::F32, out, in, 14, 0.1);
  const auto bytes = static_cast<size_t>(weight.tensor.view().bytes());
  auto shifted = std::make_shared<std::vector<std::byte>>(bytes + 1);
  std::memcpy(shifted->data() + 1, weight.tensor.view().data, bytes);
  const Tensor mapped({shifted->data() + 1, DType::F32, Shape{out, in}}, shifted);
  const auto x = normals(3 * in, 15);
  const PackingPreparer preparer(1);
  EXPECT_EQ(run(2, x, preparer.weight(mapped)), run(2, x, preparer.weight(weight.tensor)));
}

}  // namespace
}  // namespace jet
