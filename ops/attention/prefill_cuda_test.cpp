// prefill_attention on CUDA, on Hopper's matrix unit and without it, against the float64 reference
// of attention: caches in bf16 and e4m3, pages and rings, parts of prompts of all lengths.
#include "ops/attention/cuda_prefill.cuh"
#include "ops/attention/kernels.h"
#include "ops/testing/cuda_test.cuh"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using PrefillAttentionCuda = testing::CudaTest;

using testing::DeviceArray;
using testing::normals;
using testing::OwnedBatch;

struct Case {
  int64_t heads, groups, width;
  int64_t window;  // 0: pages
  bool is_fp8, is_portable;
};

// Numbers as bf16 holds them, or e4m3.
std::vector<float> stored(int64_t count, uint64_t seed, bool is_fp8) {
  std::vector<float> numbers = normals(count, seed);
  testing::round_to_bf16(numbers);
  if (is_fp8) {
    for (float& x : numbers) x = testing::from_e4m3(testing::to_e4m3(x));
  }
  return numbers;
}

std::vector<uint8_t> bytes_of(const std::vector<float>& numbers, bool is_fp8) {
  std::vector<uint8_t> bytes;
  for (const float x : numbers) {
    if (is_fp8) {
      bytes.push_back(testing::to_e4m3(x));
      continue;
    }
    const uint16_t bits = float_to_bf16(x);
    bytes.push_back(static_cast<uint8_t>(bits & 0xff));
    bytes.push_back(static_cast<uint8_t>(bits >> 8));
  }
  return bytes;
}

void compare(const Case& shape) {
  const OwnedBatch batch = [] {
    OwnedBatch made({200, 70, 0, 129, 1, 5}, {0, 300, 9, 128, 640, 0}, 64);
    made.slots = {3, 0, 1, 4, 2, -1};
    return made;
  }();
  const BatchView view = batch.view();
  const int64_t tokens = view.tokens(), kv = shape.groups * shape.width;
  const int64_t held = shape.window == 0 ? batch.page_count * 64 : 5 * shape.window;
  const auto q = stored(tokens * shape.heads * shape.width, 1, false);
  // The reference takes the step's rows as they are; a cache would round them.
  const auto k = stored(tokens * kv, 2, shape.is_fp8), v = stored(tokens * kv, 3, shape.is_fp8);
  const auto keys = stored(held * kv, 4, shape.is_fp8);
  const auto values = stored(held * kv, 5, shape.is_fp8);
  std::vector<float> unused(q.size());
  Attention args;
  args.q = view_of(q, Shape{tokens, shape.heads, shape.width});
  args.k = view_of(k, Shape{tokens, shape.groups, shape.width});
  args.v = view_of(v, Shape{tokens, shape.groups, shape.width});
  args.batch = view;
  args.layout = shape.window == 0 ? CacheLayout::Paged : CacheLayout::Ring;
  args.k_cache = view_of(keys, Shape{held, shape.groups, shape.width});
  args.v_cache = view_of(values, Shape{held, shape.groups, shape.width});
  args.window = shape.window;
  args.scale = 1.0f / std::sqrt(static_cast<float>(shape.width));
  args.y = view_of(std::span(unused), Shape{tokens, shape.heads, shape.width});
  const std::vector<double> expected = attention_reference(args);

  DeviceArray<uint16_t> q16(testing::to_bf16(q)), k16(testing::to_bf16(k));
  DeviceArray<uint16_t> v16(testing::to_bf16(v)), y16(q.size());
  DeviceArray<uint8_t> key_bytes(bytes_of(keys, shape.is_fp8));
  DeviceArray<uint8_t> value_bytes(bytes_of(values, shape.is_fp8));
  DeviceArray<int32_t> offsets(batch.offsets), slots(batch.slots), past(batch.past);
  DeviceArray<int32_t> pages(batch.pages);
  cuda::PrefillAttention call;
  call.q = q16.data();
  call.k = k16.data();
  call.v = v16.data();
  call.y = y16.data();
  call.q_stride = call.y_stride = shape.heads * shape.width;
  call.k_stride = call.v_stride = kv;
  call.k_cache = key_bytes.data();
  call.v_cache = value_bytes.data();
  call.number = shape.is_fp8 ? cuda::CacheNumber::Float8 : cuda::CacheNumber::BFloat16;
  call.rows = {slots.data(), shape.window == 0 ? pages.data() : nullptr,
               static_cast<int>(batch.pages_per_sequence),
               static_cast<int>(shape.window == 0 ? 64 : shape.window)};
  call.batch = {.offsets = offsets.data(), .slots = slots.data(), .past = past.data()};
  call.sequences = static_cast<int>(view.sequences());
  call.heads = static_cast<int>(shape.heads);
  call.groups = static_cast<int>(shape.groups);
  call.width = static_cast<int>(shape.width);
  call.longest = 200;
  call.window = static_cast<int>(shape.window);
  call.scale = args.scale;
  call.portable = shape.is_portable;
  testing::check_cuda(cuda::prefill_attention(call, nullptr));
  testing::check_cuda(cudaDeviceSynchronize());
  EXPECT_TRUE(y16.guards_are_whole());
  // Weights and outputs are rounded to bf16.
  const auto got = testing::from_bf16(y16.values());
  const auto what = ::testing::Message()
                    << shape.heads << "/" << shape.groups << " heads of " << shape.width
                    << ", window " << shape.window << (shape.is_fp8 ? ", e4m3" : ", bf16")
                    << (shape.is_portable ? ", portable" : "");
  EXPECT_LT(testing::relative_error(got, expected), 4e-3) << what;
  EXPECT_LT(testing::worst_error(got, expected), 2e-2) << what;
}

TEST_F(PrefillAttentionCuda, EqualsTheReference) {
  for (const int64_t window : {0, 100, 1152}) {
    for (const bool is_fp8 : {false, true}) {
      if (!is_fp8) {
        compare({12, 2, 128, window, false, true});
        compare({6, 3, 64, window, false, true});
      }
      if (testing::only_portable()) continue;
      compare({12, 2, 128, window, is_fp8, false});
      compare({6, 3, 64, window, is_fp8, false});
    }
  }
}

}  // namespace
}  // namespace jet
