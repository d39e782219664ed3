// The CUDA kernels of gated_delta_rule against the float64 reference, over ragged batches.
#include "ops/gated_delta_rule/cuda.cuh"
#include "ops/gated_delta_rule/kernels.h"
#include "ops/testing/cuda_test.cuh"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using GatedDeltaRuleCuda = testing::CudaTest;

using testing::DeviceArray;
using testing::normals;
using testing::OwnedBatch;

// What a step reads besides its batch and state; numbers that bf16 has.
struct Inputs {
  int64_t heads, keys, values;
  std::vector<float> q, k, v, g, beta;
};

void normalise(std::vector<float>& rows, int64_t width, double scale) {
  for (auto row = rows.begin(); row != rows.end(); row += width) {
    double squares = 1e-6;
    for (auto x = row; x != row + width; ++x) squares += double{*x} * *x;
    for (auto x = row; x != row + width; ++x)
      *x = static_cast<float>(scale * *x / std::sqrt(squares));
  }
  testing::round_to_bf16(rows);
}

// `correlation`: how far all keys point the same way; decays are -exp(normal) `decay`.
Inputs inputs(int64_t tokens, int64_t heads, int64_t keys, int64_t values, double correlation = 0,
              double decay = 0.1, double smallest_beta = 0) {
  Inputs in{heads, keys, values, {}, {}, {}, {}, {}};
  in.q = normals(tokens * heads * keys, 1);
  in.k = normals(tokens * heads * keys, 2);
  const auto common = normals(keys, 3);
  for (size_t i = 0; i < in.k.size(); ++i) {
    in.k[i] = static_cast<float>((1 - correlation) * in.k[i] +
                                 correlation * common[i % static_cast<size_t>(keys)]);
  }
  normalise(in.q, keys, 1 / std::sqrt(static_cast<double>(keys)));
  normalise(in.k, keys, 1);
  in.v = normals(tokens * heads * values, 4);
  testing::round_to_bf16(in.v);
  Random random(5);
  for (const float x : normals(tokens * heads, 6)) {
    in.g.push_back(static_cast<float>(-decay * std::exp(double{x})));
    in.beta.push_back(static_cast<float>(smallest_beta + (1 - smallest_beta) * random.uniform()));
  }
  return in;
}

enum class Form { Steps, StepsInFloat32, Chunks, PortableChunks };

std::vector<Form> chunked_forms() {
  if (testing::only_portable()) return {Form::PortableChunks};
  return {Form::Chunks, Form::PortableChunks};
}

struct Outcome {
  std::vector<float> y, state;
};

// Rows [first, first + rows of the batch) of the inputs through a kernel.
Outcome run(const Inputs& in, const BatchView& batch, const std::vector<float>& before, Form form,
            int segments, int64_t first = 0, bool state_is_bf16 = false) {
  const auto part = [&](const std::vector<float>& numbers, int64_t width) {
    const auto from = numbers.begin() + first * in.heads * width;
    return std::vector<float>(from, from + batch.tokens() * in.heads * width);
  };
  const auto q = part(in.q, in.keys), k = part(in.k, in.keys), v = part(in.v, in.values);
  const bool is_bf16 = form != Form::StepsInFloat32;
  DeviceArray<uint16_t> q16(testing::to_bf16(q)), k16(testing::to_bf16(k));
  DeviceArray<uint16_t> v16(testing::to_bf16(v)), y16(v.size());
  DeviceArray<float> q32(q), k32(k), v32(v), y32(v.size());
  DeviceArray<float> g(part(in.g, 1)), beta(part(in.beta, 1)), state(before);
  DeviceArray<uint16_t> state16(testing::to_bf16(before));
  DeviceArray<int32_t> offsets({batch.offsets.begin(), batch.offsets.end()});
  DeviceArray<int32_t> slots({batch.slots.begin(), batch.slots.end()});
  DeviceArray<int32_t> past({batch.past.begin(), batch.past.end()});
  cuda::GatedDeltaRule args;
  args.is_bf16 = is_bf16;
  args.q = is_bf16 ? static_cast<void*>(q16.data()) : q32.data();
  args.k = is_bf16 ? static_cast<void*>(k16.data()) : k32.data();
  args.v = is_bf16 ? static_cast<void*>(v16.data()) : v32.data();
  args.y = is_bf16 ? static_cast<void*>(y16.data()) : y32.data();
  args.q_stride = args.k_stride = in.heads * in.keys;
  args.v_stride = args.y_stride = in.heads * in.values;
  args.g = g.data();
  args.beta = beta.data();
  args.offsets = offsets.data();
  args.slots = slots.data();
  args.past = past.data();
  args.sequences = static_cast<int>(batch.sequences());
  args.tokens = static_cast<int>(batch.tokens());
  args.heads = static_cast<int>(in.heads);
  args.keys = static_cast<int>(in.keys);
  args.values = static_cast<int>(in.values);
  args.state = state_is_bf16 ? static_cast<void*>(state16.data()) : state.data();
  args.state_is_bf16 = state_is_bf16;
  args.segments = segments;
  args.portable = form == Form::PortableChunks;
  DeviceArray<char> workspace(cuda::gated_delta_rule_workspace(args));
  args.workspace = workspace.data();
  const bool is_chunked = form == Form::Chunks || form == Form::PortableChunks;
  testing::check_cuda(is_chunked ? cuda::gated_delta_rule_chunks(args, nullptr)
                                 : cuda::gated_delta_rule_steps(args, nullptr));
  testing::check_cuda(cudaDeviceSynchronize());
  EXPECT_TRUE(y16.guards_are_whole() && y32.guards_are_whole() && state.guards_are_whole() &&
              state16.guards_are_whole() && workspace.guards_are_whole());
  return {is_bf16 ? testing::from_bf16(y16.values()) : y32.values(),
          state_is_bf16 ? testing::from_bf16(state16.values()) : state.values()};
}

GatedDeltaRuleReference reference(const Inputs& in, const BatchView& batch,
                                  std::vector<float>& before) {
  const int64_t tokens = batch.tokens();
  const auto slots = static_cast<int64_t>(before.size()) / (in.heads * in.keys * in.values);
  std::vector<float> y(in.v.size());
  return gated_delta_rule_reference(
      {.q = view_of(std::span(in.q), Shape{tokens, in.heads, in.keys}),
       .k = view_of(std::span(in.k), Shape{tokens, in.heads, in.keys}),
       .v = view_of(std::span(in.v), Shape{tokens, in.heads, in.values}),
       .g = view_of(std::span(in.g), Shape{tokens, in.heads}),
       .beta = view_of(std::span(in.beta), Shape{tokens, in.heads}),
       .batch = batch,
       .state = view_of(std::span(before), Shape{slots, in.heads, in.keys, in.values}),
       .y = view_of(std::span(y), Shape{tokens, in.heads, in.values})});
}

// A new sequence, old ones, one without rows, one of padding; slots in no order.
OwnedBatch mixed_batch() {
  OwnedBatch batch({65, 0, 1, 200, 63, 64}, {0, 4, 9, 64, 0, 128});
  batch.slots = {3, 1, 0, 5, -1, 4};
  return batch;
}

void compare(const Inputs& in, const OwnedBatch& batch, Form form, int segments, double tolerance,
             bool state_is_bf16 = false) {
  auto before = normals(6 * in.heads * in.keys * in.values, 7, 0.3);
  if (state_is_bf16) testing::round_to_bf16(before);
  const Outcome got = run(in, batch.view(), before, form, segments, 0, state_is_bf16);
  const GatedDeltaRuleReference expected = reference(in, batch.view(), before);
  const auto what = ::testing::Message()
                    << in.heads << " heads of " << in.keys << " x " << in.values << ", form "
                    << static_cast<int>(form) << ", " << segments << " segments";
  EXPECT_LT(testing::relative_error(got.y, expected.y), tolerance) << what;
  EXPECT_LT(testing::relative_error(got.state, expected.state), tolerance) << what;
  EXPECT_LT(testing::worst_error(got.y, expected.y), 16 * tolerance) << what;
  EXPECT_LT(testing::worst_error(got.state, expected.state), 16 * tolerance) << what;
  const size_t numbers = before.size() / 6;
  for (const size_t slot : {1, 2}) {
    EXPECT_TRUE(testing::same_bits(std::span(got.state).subspan(slot * numbers, numbers),
                                   std::span(before).subspan(slot * numbers, numbers)));
  }
}

TEST_F(GatedDeltaRuleCuda, StepsEqualTheReferenceOverAwkwardShapes) {
  struct Case {
    int64_t heads, keys, values;
  };
  const OwnedBatch batch = mixed_batch();
  for (const auto& [heads, keys, values] :
       {Case{1, 1, 1}, Case{2, 3, 5}, Case{2, 96, 256}, Case{1, 17, 33}, Case{1, 256, 256}}) {
    const Inputs in = inputs(batch.view().tokens(), heads, keys, values);
    // Float32: rounding of two sums over K a token. bf16: that of the outputs, 2^-9.
    compare(in, batch, Form::StepsInFloat32, 1, 2e-6);
    compare(in, batch, Form::Steps, 1, 3e-3);
  }
}

// Operands of every product are rounded to bf16, 2^-9 each, and so are outputs.
constexpr double kBFloat16 = 6e-3;

TEST_F(GatedDeltaRuleCuda, ChunksEqualTheReference) {
  struct Case {
    int64_t heads, keys, values;
  };
  const OwnedBatch batch = mixed_batch();
  for (const auto& [heads, keys, values] :
       {Case{1, 64, 64}, Case{2, 96, 256}, Case{3, 128, 128}, Case{1, 128, 256}}) {
    const Inputs in = inputs(batch.view().tokens(), heads, keys, values);
    for (const Form form : chunked_forms()) {
      for (const int segments : {1, 2, 5}) compare(in, batch, form, segments, kBFloat16);
    }
  }
}

TEST_F(GatedDeltaRuleCuda, KeepsStatesInBFloat16) {
  const OwnedBatch batch = mixed_batch();
  const Inputs in = inputs(batch.view().tokens(), 2, 96, 256);
  compare(in, batch, Form::Steps, 1, 3e-3, true);
  for (const Form form : chunked_forms()) {
    for (const int segments : {1, 3}) compare(in, batch, form, segments, kBFloat16, true);
  }
}

TEST_F(GatedDeltaRuleCuda, ChunksStayCloseOverLongSequencesHardToCorrect) {
  struct Case {
    double correlation, decay, smallest_beta;
  };
  OwnedBatch batch({3000}, {64});
  for (const auto& [correlation, decay, smallest_beta] :
       {Case{0.9, 1e-4, 0.99},    // keys almost alike, written in full, kept for ever
        Case{0.0, 1e-6, 0.99},    // a memory that fills
        Case{0.9, 20.0, 0.0}}) {  // one that forgets at once
    const Inputs in = inputs(3000, 1, 96, 64, correlation, decay, smallest_beta);
    for (const int segments : {1, 7}) {
      for (const Form form : chunked_forms()) compare(in, batch, form, segments, 4 * kBFloat16);
    }
  }
}

TEST_F(GatedDeltaRuleCuda, CuttingAtChunksChangesNoBit) {
  const Inputs in = inputs(400, 2, 96, 128);
  const std::vector<float> before(2 * 96 * 128, 0.0f);
  for (const Form form : chunked_forms()) {
    const OwnedBatch whole({400}, {0});
    const Outcome at_once = run(in, whole.view(), before, form, 1);
    std::vector<float> state = before, y;
    for (const int first : {0, 64, 256}) {
      const int rows = first == 0 ? 64 : first == 64 ? 192 : 144;
      const OwnedBatch part({rows}, {first});
      const Outcome step = run(in, part.view(), state, form, 1, first);
      state = step.state;
      y.insert(y.end(), step.y.begin(), step.y.end());
    }
    EXPECT_TRUE(testing::same_bits(y, at_once.y));
    EXPECT_TRUE(testing::same_bits(state, at_once.state));
  }
}

TEST_F(GatedDeltaRuleCuda, RefusesWhatItDoesNotKnow) {
  cuda::GatedDeltaRule args;
  args.keys = 257;
  args.values = 64;
  EXPECT_EQ(cuda::gated_delta_rule_steps(args, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cuda::gated_delta_rule_chunks(args, nullptr), cudaErrorInvalidValue);
  EXPECT_FALSE(cuda::gated_delta_rule_has_chunks(96, 40));
}

}  // namespace
}  // namespace jet
