// Every op on CUDA against the same op on the CPU, which its own test holds to a float64 reference:
// in float32, and in bf16 over the numbers that bf16 has.
#include <cmath>

#include "ops/add/add.h"
#include "ops/add_rms_norm/add_rms_norm.h"
#include "ops/attention/attention.h"
#include "ops/delta_gates/delta_gates.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/embedding/embedding.h"
#include "ops/gated_delta_rule/gated_delta_rule.h"
#include "ops/gated_rms_norm/gated_rms_norm.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/jet_step/jet_step.h"
#include "ops/kv_append/kv_append.h"
#include "ops/linear/linear.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rope/rope.h"
#include "ops/silu/silu.h"
#include "ops/silu_l2_norm/silu_l2_norm.h"
#include "ops/swiglu/swiglu.h"
#include "ops/swiglu_linear/swiglu_linear.h"
#include "ops/testing/gpu_test.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

using testing::Mirror;
using testing::MirroredBatch;
using testing::normals;
using testing::OwnedBatch;

// Both sides round a result once, sums of float32 a few times more; a bf16 result once, by 2^-9.
double tolerance(DType type) { return type == DType::F32 ? 5e-6 : 4e-3; }

class OpsOnGpu : public testing::GpuTest {
 protected:
  // Sequences of all kinds: new and old, longer and shorter than windows and taps, padding.
  OwnedBatch ragged() const {
    OwnedBatch batch({1, 5, 70, 1, 3, 0, 2}, {0, 0, 1, 200, 9, 7, 0}, 64);
    batch.slots = {4, 0, 6, 2, 1, 5, -1};
    return batch;
  }
};

constexpr DType kTypes[] = {DType::F32, DType::BF16};

TEST_F(OpsOnGpu, Add) {
  for (const DType type : kTypes) {
    for (const int64_t n : {0, 1, 1023, 65537}) {
      Mirror x = mirror(normals(n, 1), Shape{n}), y = mirror(normals(n, 2), Shape{n}, type);
      add(host, {x.host(), y.host()});
      add(context, {x.there(), y.there()});
      EXPECT_LT(x.error(), tolerance(DType::F32)) << n;
    }
  }
}

TEST_F(OpsOnGpu, RmsNorm) {
  for (const DType type : kTypes) {
    for (const Shape& shape : {Shape{3, 7}, Shape{2, 3, 17}, Shape{33, 576}, Shape{5, 2560}}) {
      Mirror x = mirror(normals(shape.elements(), 1), shape);
      Mirror w = mirror(normals(shape.back(), 2), Shape{shape.back()});
      Mirror y = output(shape, type);
      rms_norm(host, {x.host(), w.host(), 1e-6f, y.host()});
      rms_norm(context, {x.there(), w.there(), 1e-6f, y.there()});
      EXPECT_LT(y.error(), tolerance(type)) << to_string(shape);
    }
  }
}

TEST_F(OpsOnGpu, AddRmsNorm) {
  for (const DType type : kTypes) {
    for (const Shape& shape : {Shape{3, 7}, Shape{33, 576}, Shape{5, 2560}}) {
      Mirror x = mirror(normals(shape.elements(), 1), shape);
      Mirror y = mirror(normals(shape.elements(), 2), shape, type);
      Mirror w = mirror(normals(shape.back(), 3), Shape{shape.back()});
      Mirror normed = output(shape, type);
      add_rms_norm(host, {x.host(), y.host(), w.host(), 1e-6f, normed.host()});
      add_rms_norm(context, {x.there(), y.there(), w.there(), 1e-6f, normed.there()});
      EXPECT_LT(x.error(), tolerance(DType::F32)) << to_string(shape);
      EXPECT_LT(normed.error(), tolerance(type)) << to_string(shape);
    }
  }
}

TEST_F(OpsOnGpu, Rope) {
  const MirroredBatch batch(*device, ragged());
  const int64_t rows = batch.view().tokens();
  for (const DType type : kTypes) {
    for (const int64_t width : {2, 64, 128, 256}) {
      Mirror x = mirror(normals(rows * 3 * width, 1), Shape{rows, 3, width}, type);
      const Tensor frequencies = rope_frequencies(width, 10000);
      const Tensor there = to_device(*device, frequencies.view());
      rope(host, {x.host(), frequencies.view(), batch.view()});
      rope(context, {x.there(), there.view(), batch.view()});
      EXPECT_LT(x.error(), tolerance(type)) << width;
    }
  }
}

TEST_F(OpsOnGpu, Activations) {
  for (const DType type : kTypes) {
    for (const Shape& shape : {Shape{1, 1}, Shape{5, 1536}, Shape{3, 1027}}) {
      Mirror gate = mirror(normals(shape.elements(), 1, 4), shape, type);
      Mirror up = mirror(normals(shape.elements(), 2), shape, type);
      Mirror y = output(shape, type), z = output(shape, type);
      swiglu(host, {gate.host(), up.host(), y.host()});
      swiglu(context, {gate.there(), up.there(), y.there()});
      silu(host, {gate.host(), z.host()});
      silu(context, {gate.there(), z.there()});
      EXPECT_LT(y.error(), tolerance(type)) << to_string(shape);
      EXPECT_LT(z.error(), tolerance(type)) << to_string(shape);
    }
  }
}

TEST_F(OpsOnGpu, NormsOfHeads) {
  for (const DType type : kTypes) {
    for (const Shape& shape : {Shape{1, 1, 3}, Shape{7, 12, 96}, Shape{5, 3, 256}}) {
      Mirror x = mirror(normals(shape.elements(), 1), shape, type);
      Mirror gate = mirror(normals(shape.elements(), 2), shape, type);
      Mirror w = mirror(normals(shape.back(), 3), Shape{shape.back()});
      Mirror y = output(shape, type), z = output(shape, type);
      silu_l2_norm(host, {x.host(), 0.1f, 1e-6f, y.host()});
      silu_l2_norm(context, {x.there(), 0.1f, 1e-6f, y.there()});
      gated_rms_norm(host, {x.host(), gate.host(), w.host(), 1e-5f, z.host()});
      gated_rms_norm(context, {x.there(), gate.there(), w.there(), 1e-5f, z.there()});
      EXPECT_LT(y.error(), tolerance(type)) << to_string(shape);
      EXPECT_LT(z.error(), tolerance(type)) << to_string(shape);
    }
  }
}

TEST_F(OpsOnGpu, DeltaGates) {
  const Shape shape{37, 12};
  for (const DType type : kTypes) {
    Mirror a = mirror(normals(37 * 12, 1, 10), shape, type);
    Mirror b = mirror(normals(37 * 12, 2, 10), shape, type);
    Mirror a_log = mirror(normals(12, 3), Shape{12}), bias = mirror(normals(12, 4), Shape{12});
    Mirror g = output(shape), beta = output(shape);
    delta_gates(host, {a.host(), b.host(), a_log.host(), bias.host(), g.host(), beta.host()});
    delta_gates(context,
                {a.there(), b.there(), a_log.there(), bias.there(), g.there(), beta.there()});
    EXPECT_LT(g.error(), tolerance(DType::F32));
    EXPECT_LT(beta.error(), tolerance(DType::F32));
  }
}

TEST_F(OpsOnGpu, DynamicConv) {
  const MirroredBatch batch(*device, ragged());
  const int64_t rows = batch.view().tokens(), slots = 7;
  for (const DType type : kTypes) {
    for (const int64_t channels : {1, 130, 256}) {
      for (const int64_t width : {1, 4, 5}) {
        const Shape shape{rows, channels}, kept{slots, width - 1, channels};
        Mirror u = mirror(normals(rows * channels, 1), shape, type);
        Mirror taps =
            mirror(normals(rows * channels * width, 2), Shape{rows, channels, width}, type);
        Mirror state = mirror(normals(kept.elements(), 3), kept, type), y = output(shape, type);
        dynamic_conv(host, {u.host(), taps.host(), batch.view(), state.host(), y.host()});
        dynamic_conv(context, {u.there(), taps.there(), batch.view(), state.there(), y.there()});
        EXPECT_LT(y.error(), 2 * tolerance(type)) << channels << " channels, " << width << " taps";
        EXPECT_EQ(state.error(), 0) << channels << " channels, " << width << " taps";
      }
    }
  }
}

// State and sums in float32; in chunks the products of bf16 are rounded once more, to bf16.
TEST_F(OpsOnGpu, GatedDeltaRule) {
  const MirroredBatch batch(*device, ragged());
  const int64_t rows = batch.view().tokens(), slots = 7, heads = 3;
  for (const DType type : kTypes) {
    for (const auto& [keys, values] : {std::pair<int64_t, int64_t>{5, 7}, {64, 64}, {96, 256}}) {
      const Shape shape{rows, heads, keys}, wide{rows, heads, values};
      Mirror q = mirror(normals(shape.elements(), 1, 1.0 / static_cast<double>(keys)), shape, type);
      Mirror k = mirror(normals(shape.elements(), 2, 1 / std::sqrt(static_cast<double>(keys))),
                        shape, type);
      Mirror v = mirror(normals(wide.elements(), 3), wide, type);
      std::vector<float> decays = normals(rows * heads, 4), strengths = normals(rows * heads, 5);
      for (float& x : decays) x = -0.1f * std::abs(x);
      for (float& x : strengths) x = 1 / (1 + std::exp(-x));
      Mirror g = mirror(decays, Shape{rows, heads}), beta = mirror(strengths, Shape{rows, heads});
      const Shape states{slots, heads, keys, values};
      Mirror state = mirror(normals(states.elements(), 6, 0.3), states), y = output(wide, type);
      const GatedDeltaRule expected{q.host(),    k.host(),     v.host(),     g.host(),
                                    beta.host(), batch.view(), state.host(), y.host()};
      gated_delta_rule(host, expected, host_arena.span(gated_delta_rule_workspace(host, expected)));
      const GatedDeltaRule args{q.there(),    k.there(),    v.there(),     g.there(),
                                beta.there(), batch.view(), state.there(), y.there()};
      gated_delta_rule(context, args, arena.span(gated_delta_rule_workspace(context, args)));
      EXPECT_LT(y.error(), type == DType::F32 ? 1e-5 : 2e-2) << keys << " x " << values;
      EXPECT_LT(state.error(), type == DType::F32 ? 1e-5 : 2e-2) << keys << " x " << values;
    }
  }
}

// As one kernel where it knows the widths (bf16: 96 x 256), else as its parts, which round v and
// the output of the rule once more.
TEST_F(OpsOnGpu, JetStep) {
  OwnedBatch owned({1, 1, 1, 1}, {0, 3, 1, 9});
  owned.slots = {2, 0, 4, 1};
  const MirroredBatch batch(*device, owned);
  const int64_t rows = 4, slots = 5, heads = 3, taps = 4;
  for (const DType type : kTypes) {
    for (const auto& [keys, values] : {std::pair<int64_t, int64_t>{16, 24}, {96, 256}}) {
      const int64_t channels = heads * values;
      const auto random = [&](const Shape& shape, uint64_t seed, double deviation, DType of) {
        return mirror(normals(shape.elements(), seed, deviation), shape, of);
      };
      Mirror q = random({rows, heads, keys}, 1, 1, type),
             k = random({rows, heads, keys}, 2, 1, type);
      Mirror u = random({rows, channels}, 3, 1, type);
      Mirror w = random({rows, channels, taps}, 4, 0.5, type);
      Mirror a = random({rows, heads}, 5, 1, type), b = random({rows, heads}, 6, 1, type);
      Mirror gate = random({rows, heads, values}, 7, 1, type);
      Mirror a_log = random({heads}, 8, 1, DType::F32), bias = random({heads}, 9, 1, DType::F32);
      Mirror norm = random({values}, 10, 1, DType::F32);
      Mirror conv = random({slots, taps - 1, channels}, 11, 1, type);
      Mirror state = random({slots, heads, keys, values}, 12, 0.3, DType::F32);
      Mirror y = output(Shape{rows, heads, values}, type);
      const auto call = [&](auto side) {
        return JetStep{.q = side(q),
                       .k = side(k),
                       .u = side(u),
                       .taps = side(w),
                       .a = side(a),
                       .b = side(b),
                       .gate = side(gate),
                       .a_log = side(a_log),
                       .dt_bias = side(bias),
                       .o_norm = side(norm),
                       .batch = batch.view(),
                       .conv_state = side(conv),
                       .recurrent_state = side(state),
                       .y = side(y)};
      };
      const JetStep expected = call([](Mirror& m) { return m.host(); });
      jet_step(host, expected, host_arena.span(jet_step_workspace(host, expected)));
      const JetStep args = call([](Mirror& m) { return m.there(); });
      jet_step(context, args, arena.span(jet_step_workspace(context, args)));
      EXPECT_LT(y.error(), type == DType::F32 ? 2e-5 : 2e-2) << keys << " x " << values;
      EXPECT_LT(state.error(), type == DType::F32 ? 1e-5 : 1e-2) << keys << " x " << values;
      EXPECT_EQ(conv.error(), 0) << keys << " x " << values;
    }
  }
}

TEST_F(OpsOnGpu, AttentionAndItsCache) {
  const MirroredBatch batch(*device, ragged());
  const OwnedBatch owned = ragged();
  const int64_t rows = batch.view().tokens(), groups = 2;
  for (const DType type : kTypes) {
    for (const auto& [heads, width] : {std::pair<int64_t, int64_t>{2, 24}, {12, 128}, {6, 64}}) {
      for (const int64_t window : {0, 16}) {
        const CacheLayout layout = window == 0 ? CacheLayout::Paged : CacheLayout::Ring;
        const int64_t held = window == 0 ? owned.page_count * owned.page_tokens : 7 * window;
        const Shape shape{rows, heads, width}, narrow{rows, groups, width};
        const Shape cache{held, groups, width};
        Mirror q = mirror(normals(shape.elements(), 1), shape, type);
        Mirror k = mirror(normals(narrow.elements(), 2), narrow, type);
        Mirror v = mirror(normals(narrow.elements(), 3), narrow, type);
        Mirror keys = mirror(normals(cache.elements(), 4), cache, type);
        Mirror values = mirror(normals(cache.elements(), 5), cache, type);
        Mirror y = output(shape, type);
        const float scale = 1 / std::sqrt(static_cast<float>(width));
        const Attention expected{q.host(),    k.host(),      v.host(), batch.view(), layout,
                                 keys.host(), values.host(), window,   scale,        y.host()};
        attention(host, expected, host_arena.span(attention_workspace(host, expected)));
        const Attention args{q.there(),    k.there(),      v.there(), batch.view(), layout,
                             keys.there(), values.there(), window,    scale,        y.there()};
        attention(context, args, arena.span(attention_workspace(context, args)));
        EXPECT_LT(y.error(), 2 * tolerance(type)) << heads << " x " << width << ", " << window;
        kv_append(host, {k.host(), batch.view(), layout, keys.host(), window});
        kv_append(context, {k.there(), batch.view(), layout, keys.there(), window});
        EXPECT_EQ(keys.error(), 0) << heads << " x " << width << ", " << window;
      }
    }
  }
}

TEST_F(OpsOnGpu, EmbeddingAndGatherRows) {
  const std::vector<int32_t> rows{4, 0, 3, 3};
  const ConstTensorView list{reinterpret_cast<const std::byte*>(rows.data()), DType::I32, Shape{4}};
  const Tensor rows_there = to_device(*device, list);
  const auto* there = reinterpret_cast<const int32_t*>(rows_there.view().data);
  for (const DType type : kTypes) {
    const Weight weight = testing::random_weight(type, 5, 70, 1, 1);
    const Weight copy{to_device(*device, weight.tensor.view())};
    Mirror y = output(Shape{4, 70});
    embedding(host, {rows, weight, y.host()});
    embedding(context, {rows, copy, y.there(), there});
    EXPECT_EQ(y.error(), 0);
  }
  Mirror x = mirror(normals(5 * 70, 2), Shape{5, 70}), y = output(Shape{4, 70});
  gather_rows(host, {x.host(), rows, nullptr, y.host()});
  gather_rows(context, {x.there(), rows, there, y.there()});
  EXPECT_EQ(y.error(), 0);
}

// Sums of `in` products of order 1 / in: relative to their size about sqrt(in) roundings.
TEST_F(OpsOnGpu, Linear) {
  for (const DType type : kTypes) {
    for (const int64_t rows : {1, 2, 3, 5, 64, 130}) {
      const int64_t in = 96;
      Mirror x = mirror(normals(rows * in, 1), Shape{rows, in}, type);
      const Weight a = testing::random_weight(type, 40, in, 2, 0.1);
      const Weight b = testing::random_weight(type, 24, in, 3, 0.1);
      // One block on the device, so that the group is one product.
      const Tensor block = device_tensor(*device, type, Shape{64, in});
      auto* memory = const_cast<std::byte*>(block.view().data);
      device->upload(memory, a.tensor.view().data, a.tensor.view().bytes());
      device->upload(memory + a.tensor.view().bytes(), b.tensor.view().data,
                     b.tensor.view().bytes());
      const Weight a_there{Tensor({memory, type, Shape{40, in}}, {})};
      const Weight b_there{Tensor({memory + a.tensor.view().bytes(), type, Shape{24, in}}, {})};
      Mirror bias = mirror(normals(24, 4), Shape{24}, type);
      Mirror ya = output(Shape{rows, 40}), yb = output(Shape{rows, 24});
      const LinearPart parts[] = {{a, {}, ya.host()}, {b, bias.host(), yb.host()}};
      const LinearGroup group{x.host(), parts};
      linear(host, group, host_arena.span(linear_workspace(host, group)));

      const Tensor both = device_tensor(*device, type, Shape{rows, 64});
      auto* result = const_cast<std::byte*>(both.view().data);
      const LinearPart parts_there[] = {
          {a_there, {}, {result, type, Shape{rows, 40}, 64}},
          {b_there, bias.there(), {result + 40 * block_bytes(type), type, Shape{rows, 24}, 64}}};
      const LinearGroup there{x.there(), parts_there};
      linear(context, there, arena.span(linear_workspace(context, there)));
      const Tensor back = to_host(*device, both.view());
      for (int64_t r = 0; r < rows; ++r) {
        float row[64];
        decode_row(type, back.view().data + r * row_bytes(type, 64), 64, row);
        for (int64_t i = 0; i < 64; ++i) {
          const float expected =
              i < 40 ? ya.host().f32()[r * 40 + i] : yb.host().f32()[r * 24 + i - 40];
          // bf16: the sum, and with a bias the result again.
          EXPECT_NEAR(row[i], expected, 2 * tolerance(type) * (1 + std::abs(expected)));
        }
      }
    }
  }
}

// Both matrices side by side, as a model's are.
TEST_F(OpsOnGpu, SwiGluLinear) {
  const int64_t in = 1600, out = 40;  // more than a warp has under way at once
  for (const DType type : kTypes) {
    const Weight gate = testing::random_weight(type, out, in, 1, 0.03);
    const Weight up = testing::random_weight(type, out, in, 2, 0.03);
    const Tensor both = device_tensor(*device, type, Shape{2 * out, in});
    auto* memory = const_cast<std::byte*>(both.view().data);
    const int64_t bytes = gate.tensor.view().bytes();
    device->upload(memory, gate.tensor.view().data, bytes);
    device->upload(memory + bytes, up.tensor.view().data, bytes);
    const Weight gate_there{Tensor({memory, type, Shape{out, in}}, {})};
    const Weight up_there{Tensor({memory + bytes, type, Shape{out, in}}, {})};
    for (const int64_t rows : {1, 2, 3, 70}) {
      Mirror x = mirror(normals(rows * in, 3), Shape{rows, in}, type);
      Mirror y = output(Shape{rows, out}, type);
      const SwiGluLinear expected{x.host(), gate, up, y.host()};
      swiglu_linear(host, expected, host_arena.span(swiglu_linear_workspace(host, expected)));
      const SwiGluLinear args{x.there(), gate_there, up_there, y.there()};
      swiglu_linear(context, args, arena.span(swiglu_linear_workspace(context, args)));
      // Each factor is rounded, and their product.
      EXPECT_LT(y.error(), 3 * tolerance(type)) << rows;
    }
  }
}

// Outputs beyond the first activated: a part whose silu is taken between others.
TEST_F(OpsOnGpu, LinearWithAnActivation) {
  const int64_t in = 96, out = 24;
  for (const DType type : kTypes) {
    std::vector<Weight> weights, there;
    const Tensor all = device_tensor(*device, type, Shape{3 * out, in});
    auto* memory = const_cast<std::byte*>(all.view().data);
    for (uint64_t i = 0; i < 3; ++i) {
      weights.push_back(testing::random_weight(type, out, in, i, 0.2));
      const ConstTensorView view = weights.back().tensor.view();
      std::byte* to = memory + static_cast<int64_t>(i) * view.bytes();
      device->upload(to, view.data, view.bytes());
      there.push_back({Tensor({to, type, Shape{out, in}}, {})});
    }
    for (const int64_t rows : {1, 2, 9}) {
      Mirror x = mirror(normals(rows * in, 5), Shape{rows, in}, type);
      Mirror a = output(Shape{rows, out}), b = output(Shape{rows, out}),
             c = output(Shape{rows, out});
      const LinearPart parts[] = {{weights[0], {}, a.host()},
                                  {weights[1], {}, b.host(), Activation::Silu},
                                  {weights[2], {}, c.host()}};
      const LinearGroup group{x.host(), parts};
      linear(host, group, host_arena.span(linear_workspace(host, group)));
      const Tensor result = device_tensor(*device, type, Shape{rows, 3 * out});
      const auto part = [&](int64_t i) {
        return TensorView{const_cast<std::byte*>(result.view().data) + i * out * block_bytes(type),
                          type, Shape{rows, out}, 3 * out};
      };
      const LinearPart parts_there[] = {{there[0], {}, part(0)},
                                        {there[1], {}, part(1), Activation::Silu},
                                        {there[2], {}, part(2)}};
      const LinearGroup group_there{x.there(), parts_there};
      linear(context, group_there, arena.span(linear_workspace(context, group_there)));
      const Tensor back = to_host(*device, result.view());
      std::vector<float> numbers(static_cast<size_t>(rows * 3 * out));
      decode_row(type, back.view().data, rows * 3 * out, numbers.data());
      Mirror* sides[] = {&a, &b, &c};
      for (int64_t i = 0; i < rows * 3 * out; ++i) {
        const int64_t row = i / (3 * out), at = i % (3 * out);
        const float expected = sides[at / out]->host().f32()[row * out + at % out];
        EXPECT_NEAR(numbers[static_cast<size_t>(i)], expected,
                    3 * tolerance(type) * (1 + std::abs(expected)))
            << rows << ", " << at;
      }
    }
  }
}

}  // namespace
}  // namespace jet
