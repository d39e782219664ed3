// linear against its float64 reference, and bit against bit over batches and threads.
#include <cstring>

#include <jet/error.h>

#include "ops/linear/kernels.h"
#include "ops/testing/op_test.h"
#include "ops/testing/random_weight.h"
#include "ops/testing/run_linear.h"
#include "ops/testing/simd_target.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::random_weight;
using testing::run;
using testing::simd_targets;
using testing::WithSimdTarget;

// With weights of deviation in^-1/2 outputs are of order 1; a float32 sum over up to 2,000 products
// in a few dozen partial sums errs by some 2^-24 * in^1/2 at worst.
constexpr double kTolerance = 4e-6;

TEST(Linear, EqualsTheReferenceOverAwkwardShapes) {
  struct Case {
    int64_t tokens, in, out;
  };
  for (const auto& [tokens, in, out] :
       {Case{1, 1, 1}, Case{1, 7, 3}, Case{2, 8, 9}, Case{3, 33, 40}, Case{5, 576, 12},
        Case{8, 511, 17}, Case{9, 512, 31}, Case{64, 513, 33}, Case{65, 100, 70}, Case{1, 2000, 67},
        Case{0, 8, 4}, Case{2, 8, 0}}) {
    const auto x = normals(tokens * in, 1);
    const auto bias = normals(out, 2);
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
      const Weight weight = random_weight(type, out, in, 3, 1 / std::sqrt(static_cast<double>(in)));
      for (const int threads : {1, 3}) {
        Linear args{.x = view_of(x, Shape{tokens, in}), .weight = weight, .y = {}};
        EXPECT_LT(testing::worst_error(run(threads, x, weight), linear_reference(args)), kTolerance)
            << tokens << " x " << in << " -> " << out << " " << name(type);
        args.bias = view_of(bias, Shape{out});
        EXPECT_LT(testing::worst_error(run(threads, x, weight, bias), linear_reference(args)),
                  kTolerance)
            << tokens << " x " << in << " -> " << out << " " << name(type) << " with a bias";
      }
    }
  }
}

TEST(Linear, DecodesBlockTypes) {
  for (const DType type : {DType::Q4_0, DType::Q4_1, DType::Q8_0, DType::Q4_K, DType::Q6_K}) {
    for (const int64_t blocks : {1, 5, 18}) {
      const int64_t in = blocks * block_elements(type);
      const Weight weight = random_weight(type, 37, in, 4, 1 / std::sqrt(static_cast<double>(in)));
      for (const int64_t tokens : {1, 10}) {
        const auto x = normals(tokens * in, 5);
        const Linear args{.x = view_of(x, Shape{tokens, in}), .weight = weight, .y = {}};
        EXPECT_LT(testing::worst_error(run(2, x, weight), linear_reference(args)), kTolerance)
            << name(type) << " " << tokens << " x " << in;
      }
    }
  }
}

TEST(Linear, EqualsTheReferenceOnEveryInstructionSet) {
  for (const int64_t target : simd_targets()) {
    const WithSimdTarget chosen(target);
    for (const int64_t in : {5, 37, 576}) {
      const Weight weight =
          random_weight(DType::F32, 13, in, 16, 1 / std::sqrt(static_cast<double>(in)));
      const auto x = normals(7 * in, 17);
      const Linear args{.x = view_of(x, Shape{7, in}), .weight = weight, .y = {}};
      EXPECT_LT(testing::worst_error(run(2, x, weight), linear_reference(args)), kTolerance)
          << hwy::TargetName(target) << " " << in;
    }
  }
}

// The promise on which "a request's tokens are the same in any batch" rests.
TEST(Linear, ARowIsBitIdenticalInAnyBatchAndThreadCount) {
  for (const DType type : {DType::F32, DType::BF16}) {
    for (const int64_t in : {7, 576, 1200}) {
      const int64_t out = 230;  // enough for threads to share a single token
      const Weight weight = random_weight(type, out, in, 6, 0.1);
      const auto row = normals(in, 7);
      const auto bias = normals(out, 8);
      const auto alone = run(1, row, weight, bias);
      for (const int64_t tokens : {1, 2, 3, 5, 64, 65}) {
        for (const int threads : {1, 2, 3}) {
          for (const int64_t place : {int64_t{0}, tokens / 2, tokens - 1}) {
            auto x = normals(tokens * in, 9);
            std::copy(row.begin(), row.end(), x.begin() + place * in);
            const auto y = run(threads, x, weight, bias);
            ASSERT_EQ(std::memcmp(y.data() + place * out, alone.data(), alone.size() * 4), 0)
                << name(type) << ": row " << place << " of " << tokens << ", in " << in << ", "
                << threads << " threads";
          }
        }
      }
    }
  }
}

// A row of the weight gives the same output wherever it stands: panels and tiles do not show.
TEST(Linear, AnOutputIsBitIdenticalAtAnyRowOfTheWeight) {
  const int64_t in = 600;
  const int64_t out = 45;
  Weight weight = random_weight(DType::F32, out, in, 10, 0.1);
  float* rows = weight.tensor.mutable_view().f32();
  for (int64_t r = 1; r < out; ++r) std::copy(rows, rows + in, rows + r * in);
  for (const int64_t tokens : {1, 2, 3, 10}) {
    const auto y = run(2, normals(tokens * in, 11), weight);
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_EQ(y[i], y[i / static_cast<size_t>(out) * static_cast<size_t>(out)]) << i;
  }
}

// Parts of unlike size, type and bias over one x are each what they are alone.
TEST(Linear, APartIsBitIdenticalInAnyGroup) {
  const int64_t in = 256;
  const std::vector<Weight> weights{random_weight(DType::F32, 70, in, 21, 0.1),
                                    random_weight(DType::Q4_K, 9, in, 22, 0.1),
                                    random_weight(DType::BF16, 1, in, 23, 0.1)};
  const auto bias = normals(9, 24);
  for (const int64_t tokens : {0, 1, 6, 33}) {
    const auto x = normals(tokens * in, 25);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      std::vector<Guarded> ys;
      for (const Weight& weight : weights) ys.emplace_back(Shape{tokens, weight.out()});
      const std::vector<LinearPart> parts{{.weight = weights[0], .y = ys[0].view()},
                                          {weights[1], view_of(bias, Shape{9}), ys[1].view()},
                                          {.weight = weights[2], .y = ys[2].view()}};
      const LinearGroup group{view_of(x, Shape{tokens, in}), parts};
      linear(op.context, group, op.workspace(linear_workspace(op.context, group)));
      for (size_t p = 0; p < ys.size(); ++p) {
        ys[p].check();
        const auto alone =
            run(1, x, weights[p], p == 1 ? std::span<const float>(bias) : std::span<const float>());
        EXPECT_TRUE(testing::same_bits(ys[p].values(), alone)) << tokens << ", part " << p;
      }
    }
  }
}

TEST(Linear, ReadsFloatsAtAnyAddress) {
  const int64_t in = 20;
  const int64_t out = 9;
  const Weight weight = random_weight(DType::F32, out, in, 12, 0.1);
  const auto bytes = static_cast<size_t>(weight.tensor.view().bytes());
  auto shifted = std::make_shared<std::vector<std::byte>>(bytes + 1);
  std::memcpy(shifted->data() + 1, weight.tensor.view().data, bytes);
  const Weight mapped{Tensor({shifted->data() + 1, DType::F32, Shape{out, in}}, shifted)};
  const auto x = normals(3 * in, 13);
  EXPECT_EQ(run(2, x, mapped), run(2, x, weight));
}

TEST(Linear, RefusesWhatDoesNotFit) {
  OpContext op;
  const Weight weight = random_weight(DType::BF16, 4, 8, 14, 1);
  const auto x = normals(16, 15);
  Guarded y(Shape{2, 4});
  const auto fails = [&](const Linear& args, std::span<std::byte> scratch) {
    EXPECT_THROW(linear(op.context, args, scratch), Error);
  };
  const auto fit = view_of(x, Shape{2, 8});
  const auto workspace =
      op.workspace(linear_workspace(op.context, Linear{.x = fit, .weight = weight, .y = y.view()}));
  fails({.x = view_of(x, Shape{4, 4}), .weight = weight, .y = y.view()}, workspace);
  fails({.x = view_of(x, Shape{2, 2, 4}), .weight = weight, .y = y.view()}, workspace);
  fails({.x = fit, .weight = weight, .y = view_of(y.values(), Shape{4, 2})}, workspace);
  fails({.x = fit, .weight = weight, .bias = view_of(x, Shape{16}), .y = y.view()}, workspace);
  fails({.x = fit, .weight = weight, .y = y.view()}, workspace.first(workspace.size() - 1));
  EXPECT_THROW(linear_workspace(op.context, LinearGroup{.x = fit, .parts = {}}), Error);
  const Weight integers{Tensor(DType::I32, Shape{4, 8})};
  fails({.x = fit, .weight = integers, .y = y.view()}, workspace);
  const Weight flat{Tensor(DType::F32, Shape{8})};
  fails({.x = fit, .weight = flat, .y = y.view()}, workspace);
}

}  // namespace
}  // namespace jet
