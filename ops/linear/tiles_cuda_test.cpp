// Ops on CUDA over block weights in tiles, against the same ops on the CPU over the blocks
// themselves, in float32.
#include "ops/embedding/embedding.h"
#include "ops/linear/linear.h"
#include "ops/linear/tiles.h"
#include "ops/swiglu_linear/swiglu_linear.h"
#include "ops/testing/gpu_test.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

using testing::Mirror;
using testing::normals;

constexpr DType kTypes[] = {DType::Q8_0, DType::Q4_0, DType::Q4_1, DType::Q5_0,
                            DType::Q5_1, DType::Q4_K, DType::Q5_K, DType::Q6_K};

// A result is rounded to bf16, by 2^-9; with more rows the weights are too; K formats' scales to 11
// bits. Sums of products of deviation 1.
constexpr double kTolerance = 1e-2;

class TilesOnGpu : public testing::GpuTest {
 protected:
  std::vector<std::byte> tiles_of(const Weight& weight) {
    std::vector<std::byte> tiles(
        static_cast<size_t>(tiles_bytes(weight.type(), weight.out(), weight.in())));
    make_tiles(threads, weight.tensor.view(), 0, weight.out(), tiles.data());
    return tiles;
  }
  // Matrices side by side in one block of memory, those of block types as tiles.
  std::vector<Weight> place(const std::vector<Weight>& weights) {
    std::vector<std::byte> all;
    std::vector<size_t> begins;
    for (const Weight& weight : weights) {
      begins.push_back(all.size());
      const ConstTensorView view = weight.tensor.view();
      const std::vector<std::byte> bytes =
          has_tiles(view.type) ? tiles_of(weight)
                               : std::vector<std::byte>(view.data, view.data + view.bytes());
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    const ConstTensorView bytes{all.data(), DType::U8, Shape{std::ssize(all)}};
    memory.push_back(to_device(*device, bytes));
    std::vector<Weight> placed;
    for (size_t i = 0; i < weights.size(); ++i) {
      const ConstTensorView view = weights[i].tensor.view();
      placed.push_back(
          {Tensor({memory.back().view().data + begins[i], view.type, view.shape}, {})});
    }
    return placed;
  }
  Weight place(const Weight& weight) { return place(std::vector<Weight>{weight}).front(); }
  void TearDown() override {
    memory.clear();
    GpuTest::TearDown();
  }

  std::vector<Tensor> memory;
};

// Unit deviation of the sums.
double deviation(int64_t in) { return 1 / std::sqrt(static_cast<double>(in)); }

// Rows and outputs that fill tiles and do not, an `in` that ends within a unit, one that takes
// several rounds of every warp; a few rows by the kernel of tiles, more by products.
TEST_F(TilesOnGpu, Linear) {
  for (const DType type : kTypes) {
    for (const int64_t blocks : {1, 3, 33}) {
      const int64_t in = blocks * block_elements(type);
      for (const int64_t out : {1, 40}) {
        const Weight weight = testing::random_weight(type, out, in, 2, deviation(in));
        const Weight there = place(weight);
        for (const int64_t rows : {1, 2, 7, 8, 9, 70}) {
          Mirror x = mirror(normals(rows * in, 1), Shape{rows, in}, DType::BF16);
          Mirror y = output(Shape{rows, out}, DType::BF16);
          const Linear expected{x.host(), weight, {}, y.host()};
          linear(host, expected, host_arena.span(linear_workspace(host, expected)));
          const Linear args{x.there(), there, {}, y.there()};
          linear(context, args, arena.span(linear_workspace(context, args)));
          EXPECT_LT(y.error(), kTolerance)
              << name(type) << " [" << out << ", " << in << "], " << rows << " rows";
        }
      }
    }
  }
}

// Logits: a float32 result of a matrix that is widened in several parts.
TEST_F(TilesOnGpu, LinearInParts) {
  const int64_t in = 9216, out = 3000;
  for (const DType type : {DType::Q8_0, DType::Q4_1}) {
    const Weight weight = testing::random_weight(type, out, in, 2, deviation(in));
    const Weight there = place(weight);
    for (const int64_t rows : {1, 9}) {
      Mirror x = mirror(normals(rows * in, 1), Shape{rows, in}, DType::BF16);
      Mirror bias = mirror(normals(out, 3), Shape{out});
      Mirror y = output(Shape{rows, out});
      const Linear expected{x.host(), weight, bias.host(), y.host()};
      linear(host, expected, host_arena.span(linear_workspace(host, expected)));
      const Linear args{x.there(), there, bias.there(), y.there()};
      linear(context, args, arena.span(linear_workspace(context, args)));
      // No result is rounded to bf16: the kernel's error is that of float32 sums.
      EXPECT_LT(y.error(), rows == 1 ? 1e-4 : kTolerance) << name(type) << ", " << rows << " rows";
    }
  }
}

// The form of a JetBlock's input: matrices in tiles, one of them activated, then small ones in
// bf16; outputs side by side.
TEST_F(TilesOnGpu, LinearOfAGroup) {
  const int64_t in = 512;
  const std::vector<int64_t> outs{48, 32, 12, 12};
  for (const DType type : {DType::Q8_0, DType::Q6_K, DType::Q4_K}) {
    std::vector<Weight> weights;
    for (size_t i = 0; i < outs.size(); ++i)
      weights.push_back(
          testing::random_weight(i < 2 ? type : DType::BF16, outs[i], in, i, deviation(in)));
    const std::vector<Weight> there = place(weights);
    for (const int64_t rows : {1, 3, 8, 20}) {
      Mirror x = mirror(normals(rows * in, 5), Shape{rows, in}, DType::BF16);
      const int64_t width = 104;
      const Tensor result = device_tensor(*device, DType::BF16, Shape{rows, width});
      std::vector<Mirror> sides;
      std::vector<LinearPart> parts, parts_there;
      for (const int64_t out : outs) sides.push_back(output(Shape{rows, out}));
      std::byte* to = const_cast<std::byte*>(result.view().data);
      for (size_t i = 0; i < outs.size(); ++i) {
        const Activation activation = i == 1 ? Activation::Silu : Activation::None;
        parts.push_back({weights[i], {}, sides[i].host(), activation});
        parts_there.push_back(
            {there[i], {}, {to, DType::BF16, Shape{rows, outs[i]}, width}, activation});
        to += outs[i] * block_bytes(DType::BF16);
      }
      const LinearGroup group{x.host(), parts};
      linear(host, group, host_arena.span(linear_workspace(host, group)));
      const LinearGroup group_there{x.there(), parts_there};
      linear(context, group_there, arena.span(linear_workspace(context, group_there)));
      const Tensor back = to_host(*device, result.view());
      for (int64_t r = 0; r < rows; ++r) {
        std::vector<float> row(static_cast<size_t>(width));
        decode_row(DType::BF16, back.view().data + r * width * 2, width, row.data());
        size_t at = 0;
        for (size_t i = 0; i < outs.size(); ++i) {
          for (int64_t j = 0; j < outs[i]; ++j, ++at) {
            const float expected = sides[i].host().f32()[r * outs[i] + j];
            ASSERT_NEAR(row[at], expected, kTolerance * (1 + std::abs(expected)))
                << name(type) << ", row " << r << " of " << rows << ", part " << i << ", " << j;
          }
        }
      }
    }
  }
}

TEST_F(TilesOnGpu, SwiGluLinear) {
  const int64_t in = 1536, out = 48;
  for (const DType type : kTypes) {
    const Weight gate = testing::random_weight(type, out, in, 1, deviation(in));
    const Weight up = testing::random_weight(type, out, in, 2, deviation(in));
    const std::vector<Weight> there = place({gate, up});
    for (const int64_t rows : {1, 5, 8, 40}) {
      Mirror x = mirror(normals(rows * in, 3), Shape{rows, in}, DType::BF16);
      Mirror y = output(Shape{rows, out}, DType::BF16);
      const SwiGluLinear expected{x.host(), gate, up, y.host()};
      swiglu_linear(host, expected, host_arena.span(swiglu_linear_workspace(host, expected)));
      const SwiGluLinear args{x.there(), there[0], there[1], y.there()};
      swiglu_linear(context, args, arena.span(swiglu_linear_workspace(context, args)));
      // Each factor may be rounded, and their product.
      EXPECT_LT(y.error(), 2 * kTolerance) << name(type) << ", " << rows << " rows";
    }
  }
}

TEST_F(TilesOnGpu, Embedding) {
  const std::vector<int32_t> ids{4, 0, 36, 17, 17};
  const ConstTensorView list{reinterpret_cast<const std::byte*>(ids.data()), DType::I32, Shape{5}};
  const Tensor ids_there = to_device(*device, list);
  for (const DType type : kTypes) {
    const int64_t in = 3 * block_elements(type);
    const Weight weight = testing::random_weight(type, 37, in, 1, 1);
    const Weight there = place(weight);
    Mirror y = output(Shape{5, in});
    embedding(host, {ids, weight, y.host()});
    embedding(context,
              {ids, there, y.there(), reinterpret_cast<const int32_t*>(ids_there.view().data)});
    EXPECT_LT(y.error(), block_elements(type) == 256 ? 2e-3 : 1e-6) << name(type);
  }
}

}  // namespace
}  // namespace jet
