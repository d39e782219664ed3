// jet_step on CUDA against its parts' float64 references, one after another.
#include "ops/delta_gates/kernels.h"
#include "ops/dynamic_conv/kernels.h"
#include "ops/gated_delta_rule/kernels.h"
#include "ops/gated_rms_norm/kernels.h"
#include "ops/jet_step/cuda_step.cuh"
#include "ops/silu_l2_norm/kernels.h"
#include "ops/testing/cuda_test.cuh"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using JetStepCuda = testing::CudaTest;

using testing::DeviceArray;
using testing::normals;
using testing::OwnedBatch;

struct Case {
  int64_t heads, keys, values;
  bool state_is_bf16, portable;
};

std::vector<float> to_float(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

std::vector<float> rounded_normals(int64_t count, uint64_t seed, double deviation = 1) {
  auto values = normals(count, seed, deviation);
  testing::round_to_bf16(values);
  return values;
}

// `copies` of four sequences, so that blocks take a head or a slice of one. States move from slot
// n to slot 6 copies + n.
void compare(const Case& shape, int copies) {
  const auto& [heads, keys, values, state_is_bf16, portable] = shape;
  std::vector<int32_t> lengths, past, to_slots;
  for (int i = 0; i < copies; ++i) {
    for (const int32_t tokens : {7, 0, 2, 3}) {
      lengths.push_back(1);
      past.push_back(tokens);
      to_slots.push_back(4 * copies + static_cast<int32_t>(to_slots.size()));
    }
  }
  OwnedBatch batch(lengths, past);
  batch.slots.back() = to_slots.back() = -1;
  const auto n = static_cast<int64_t>(lengths.size()), slots = 2 * n, channels = heads * values;
  const auto q = rounded_normals(n * heads * keys, 1), k = rounded_normals(n * heads * keys, 2);
  const auto u = rounded_normals(n * channels, 3), gate = rounded_normals(n * channels, 4);
  const auto a = rounded_normals(n * heads, 5), b = rounded_normals(n * heads, 6);
  const auto taps = rounded_normals(n * channels * 4, 7);
  auto state = rounded_normals(slots * heads * keys * values, 8, 0.3);
  auto rows = rounded_normals(slots * 3 * channels, 9);
  const auto a_log = normals(heads, 10), dt_bias = normals(heads, 11);
  const auto weight = normals(values, 12);

  DeviceArray<uint16_t> q16(testing::to_bf16(q)), k16(testing::to_bf16(k));
  DeviceArray<uint16_t> u16(testing::to_bf16(u)), gate16(testing::to_bf16(gate));
  DeviceArray<uint16_t> a16(testing::to_bf16(a)), b16(testing::to_bf16(b));
  DeviceArray<uint16_t> taps16(testing::to_bf16(taps)), rows16(testing::to_bf16(rows));
  DeviceArray<uint16_t> state16(testing::to_bf16(state)), y16(u.size());
  DeviceArray<float> state32(state), a_logs(a_log), biases(dt_bias), weights(weight);
  DeviceArray<int32_t> from(batch.slots), to(to_slots), pasts(batch.past);
  cuda::JetStep args;
  args.q = q16.data();
  args.k = k16.data();
  args.u = u16.data();
  args.gate = gate16.data();
  args.a = a16.data();
  args.b = b16.data();
  args.convolution_taps = taps16.data();
  args.y = y16.data();
  args.q_stride = args.k_stride = heads * keys;
  args.u_stride = args.gate_stride = args.y_stride = channels;
  args.a_stride = args.b_stride = heads;
  args.taps_stride = 4 * channels;
  args.a_log = a_logs.data();
  args.dt_bias = biases.data();
  args.norm_weight = weights.data();
  args.from_slots = from.data();
  args.to_slots = to.data();
  args.past = pasts.data();
  args.sequences = static_cast<int>(n);
  args.heads = static_cast<int>(heads);
  args.keys = static_cast<int>(keys);
  args.values = static_cast<int>(values);
  args.state = state_is_bf16 ? static_cast<void*>(state16.data()) : state32.data();
  args.state_is_bf16 = state_is_bf16;
  args.convolution = rows16.data();
  args.seed = 17;
  args.portable = portable;
  testing::check_cuda(cuda::jet_step(args, nullptr));
  testing::check_cuda(cudaDeviceSynchronize());
  EXPECT_TRUE(y16.guards_are_whole() && state16.guards_are_whole() && state32.guards_are_whole() &&
              rows16.guards_are_whole());
  const auto got = testing::from_bf16(y16.values());
  const auto got_state = state_is_bf16 ? testing::from_bf16(state16.values()) : state32.values();

  std::vector<float> unused(u.size());
  const Shape key_shape{n, heads, keys}, value_shape{n, heads, values};
  const auto view = [](const std::vector<float>& x, const Shape& s) {
    return view_of(std::span(x), s);
  };
  const auto out = [&](const Shape& s) { return view_of(std::span(unused), s); };
  const auto unit_q = to_float(silu_l2_norm_reference(
      {view(q, key_shape), 1.0f / std::sqrt(static_cast<float>(keys)), 1e-6f, {}}));
  const auto unit_k = to_float(silu_l2_norm_reference({view(k, key_shape), 1.0f, 1e-6f, {}}));
  const auto v = to_float(dynamic_conv_reference(
      {view(u, Shape{n, channels}), view(taps, Shape{n, channels, 4}), batch.view(),
       view_of(std::span(rows), Shape{slots, 3, channels}), out(Shape{n, channels})}));
  const auto gates = delta_gates_reference({view(a, Shape{n, heads}),
                                            view(b, Shape{n, heads}),
                                            view(a_log, Shape{heads}),
                                            view(dt_bias, Shape{heads}),
                                            {},
                                            {}});
  const auto g = to_float(gates.g), beta = to_float(gates.beta);
  const auto rule = gated_delta_rule_reference(
      {view(unit_q, key_shape), view(unit_k, key_shape), view(v, value_shape),
       view(g, Shape{n, heads}), view(beta, Shape{n, heads}), batch.view(),
       view_of(std::span(state), Shape{slots, heads, keys, values}), out(value_shape)});
  const auto mixed = to_float(rule.y);
  const auto expected = gated_rms_norm_reference(
      {view(mixed, value_shape), view(gate, value_shape), view(weight, Shape{values}), 1e-5f, {}});
  const auto what = ::testing::Message()
                    << heads << " heads of " << keys << " x " << values << ", " << n
                    << " sequences, bf16 state " << state_is_bf16 << ", portable " << portable;
  EXPECT_LT(testing::relative_error(got, expected), 3e-3) << what;  // outputs in bf16
  EXPECT_LT(testing::worst_error(got, expected), 6e-3) << what;

  // States: what was read stands where it was, what was written in the other slot.
  const auto size = static_cast<size_t>(heads * keys * values);
  for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
    const auto old = std::span(got_state).subspan(i * size, size);
    EXPECT_TRUE(testing::same_bits(old, std::span(state).subspan(i * size, size))) << what;
    const auto target = (static_cast<size_t>(n) + i) * size;
    const auto written = std::span(got_state).subspan(target, size);
    if (to_slots[i] < 0) {
      EXPECT_TRUE(testing::same_bits(written, std::span(state).subspan(target, size))) << what;
    } else {
      const auto wanted = std::span(rule.state).subspan(i * size, size);
      EXPECT_LT(testing::worst_error(written, wanted), state_is_bf16 ? 8e-3 : 2e-5) << what;
      double bias = 0, length = 0;  // rounding has no direction
      for (size_t j = 0; j < size; ++j) {
        bias += (written[j] - wanted[j]) * (wanted[j] > 0 ? 1 : -1);
        length += std::abs(wanted[j]);
      }
      EXPECT_LT(std::abs(bias) / length, state_is_bf16 ? 4e-4 : 1e-5) << what;
    }
  }
  const auto kept = testing::from_bf16(rows16.values());
  for (int64_t i = 0; i < n; ++i) {
    const int32_t target = to_slots[static_cast<size_t>(i)];
    if (target < 0) continue;
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t row = 0; row < 3; ++row) {
        float wanted = u[static_cast<size_t>(i * channels + c)];
        if (row < 2) {
          wanted = batch.past[static_cast<size_t>(i)] < 2 - row
                       ? 0.0f
                       : rows[static_cast<size_t>((i * 3 + row + 1) * channels + c)];
        }
        ASSERT_EQ(kept[static_cast<size_t>((target * 3 + row) * channels + c)], wanted) << what;
      }
    }
  }
}

TEST_F(JetStepCuda, EqualsItsPartsReferences) {
  for (const bool state_is_bf16 : {false, true}) {
    for (const bool portable : {false, true}) {
      if (!portable && testing::only_portable()) continue;
      for (const auto& [keys, values] :
           {std::pair{64, 64}, std::pair{128, 128}, std::pair{96, 256}, std::pair{128, 256}}) {
        compare({3, keys, values, state_is_bf16, portable}, 1);   // slices of a head
        compare({3, keys, values, state_is_bf16, portable}, 12);  // heads
      }
    }
  }
}

}  // namespace
}  // namespace jet
