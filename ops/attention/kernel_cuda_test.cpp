// decode_attention on CUDA against the float64 reference of attention.
#include "ops/attention/cuda_decode.cuh"
#include "ops/attention/kernels.h"
#include "ops/testing/cuda_test.cuh"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using DecodeAttentionCuda = testing::CudaTest;

using testing::DeviceArray;
using testing::normals;
using testing::OwnedBatch;

struct Case {
  int64_t heads, groups, width;
  int split;
  int64_t window;  // 0: pages
};

struct Caches {
  std::vector<float> keys, values;  // what the stored numbers stand for
  std::vector<uint8_t> key_bytes, value_bytes;
};

// Normal numbers as the cache keeps them, times the scale of their group.
void fill(std::vector<float>& numbers, std::vector<uint8_t>& bytes, bool is_fp8, const Case& shape,
          const std::vector<float>& scales) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    float& x = numbers[i];
    if (is_fp8) {
      bytes.push_back(testing::to_e4m3(x));
      x = testing::from_e4m3(bytes.back()) *
          scales[i / static_cast<size_t>(shape.width) % static_cast<size_t>(shape.groups)];
    } else {
      const uint16_t stored = float_to_bf16(x);
      bytes.push_back(static_cast<uint8_t>(stored & 0xff));
      bytes.push_back(static_cast<uint8_t>(stored >> 8));
      x = bf16_to_float(stored);
    }
  }
}

std::vector<float> run(const Case& shape, const BatchView& batch, bool is_fp8,
                       const std::vector<float>& q, const Caches& caches,
                       const std::vector<float>& k_scale, const std::vector<float>& v_scale,
                       int most_positions) {
  DeviceArray<uint16_t> q16(testing::to_bf16(q)), y16(q.size());
  DeviceArray<uint8_t> keys(caches.key_bytes), values(caches.value_bytes);
  DeviceArray<float> k_scales(k_scale), v_scales(v_scale);
  DeviceArray<int32_t> past({batch.past.begin(), batch.past.end()});
  DeviceArray<int32_t> slots({batch.slots.begin(), batch.slots.end()});
  DeviceArray<int32_t> pages({batch.pages.begin(), batch.pages.end()});
  cuda::DecodeAttention args;
  args.q = q16.data();
  args.y = y16.data();
  args.q_stride = args.y_stride = shape.heads * shape.width;
  args.k_cache = keys.data();
  args.v_cache = values.data();
  args.number = is_fp8 ? cuda::CacheNumber::Float8 : cuda::CacheNumber::BFloat16;
  args.k_scale = is_fp8 ? k_scales.data() : nullptr;
  args.v_scale = is_fp8 ? v_scales.data() : nullptr;
  args.past = past.data();
  args.slots = slots.data();
  args.pages = shape.window == 0 ? pages.data() : nullptr;
  args.pages_per_sequence = static_cast<int>(batch.pages_per_sequence);
  args.window = static_cast<int>(shape.window);
  args.sequences = static_cast<int>(batch.sequences());
  args.heads = static_cast<int>(shape.heads);
  args.groups = static_cast<int>(shape.groups);
  args.width = static_cast<int>(shape.width);
  args.scale = 1.0f / std::sqrt(static_cast<float>(shape.width));
  args.most_positions = most_positions;
  args.split = shape.split;
  DeviceArray<char> workspace(cuda::decode_attention_workspace(args));
  args.workspace = workspace.data();
  testing::check_cuda(cuda::decode_attention(args, nullptr));
  testing::check_cuda(cudaDeviceSynchronize());
  EXPECT_TRUE(y16.guards_are_whole() && workspace.guards_are_whole());
  return testing::from_bf16(y16.values());
}

void compare(const Case& shape, bool is_fp8) {
  OwnedBatch batch({1, 1, 1, 1, 1}, {0, 15, 700, 129, 63}, 64);
  batch.slots = {3, 0, 4, 1, -1};
  const BatchView view = batch.view();
  const int64_t rows = shape.window == 0 ? batch.page_count * 64 : 5 * shape.window;
  const std::vector<float> k_scale(static_cast<size_t>(shape.groups), is_fp8 ? 0.5f : 1.0f);
  std::vector<float> v_scale(static_cast<size_t>(shape.groups), 1.0f);
  if (is_fp8) v_scale.back() = 3.0f;
  auto q = normals(5 * shape.heads * shape.width, 1);
  testing::round_to_bf16(q);
  Caches caches;
  caches.keys = normals(rows * shape.groups * shape.width, 2);
  caches.values = normals(rows * shape.groups * shape.width, 3);
  fill(caches.keys, caches.key_bytes, is_fp8, shape, k_scale);
  fill(caches.values, caches.value_bytes, is_fp8, shape, v_scale);

  // The kernel finds the step's own rows in the cache; the reference gets them by themselves.
  const CacheLayout layout = shape.window == 0 ? CacheLayout::Paged : CacheLayout::Ring;
  std::vector<float> k, v;
  for (int64_t n = 0; n < 5; ++n) {
    const bool is_padding = view.slots[static_cast<size_t>(n)] < 0;
    const int64_t row =
        is_padding ? 0
                   : cache_row(view, layout, shape.window, n, view.past[static_cast<size_t>(n)]);
    const auto at = row * shape.groups * shape.width, count = shape.groups * shape.width;
    k.insert(k.end(), caches.keys.begin() + at, caches.keys.begin() + at + count);
    v.insert(v.end(), caches.values.begin() + at, caches.values.begin() + at + count);
  }
  const Shape cache{rows, shape.groups, shape.width};
  std::vector<float> unused(q.size());
  Attention args;
  args.q = view_of(std::span(q), Shape{5, shape.heads, shape.width});
  args.k = view_of(std::span(k), Shape{5, shape.groups, shape.width});
  args.v = view_of(std::span(v), Shape{5, shape.groups, shape.width});
  args.batch = view;
  args.layout = layout;
  args.k_cache = view_of(std::span(std::as_const(caches.keys)), cache);
  args.v_cache = view_of(std::span(std::as_const(caches.values)), cache);
  args.window = shape.window;
  args.scale = 1.0f / std::sqrt(static_cast<float>(shape.width));
  args.y = view_of(std::span(unused), Shape{5, shape.heads, shape.width});
  const std::vector<double> expected = attention_reference(args);
  const auto what = ::testing::Message()
                    << shape.heads << "/" << shape.groups << " heads of " << shape.width
                    << ", window " << shape.window << (is_fp8 ? ", e4m3" : ", bf16");
  const auto got = run(shape, view, is_fp8, q, caches, k_scale, v_scale, 701);
  // Weights and outputs are rounded to bf16 or float16.
  EXPECT_LT(testing::relative_error(got, expected), 4e-3) << what;
  EXPECT_LT(testing::worst_error(got, expected), 2e-2) << what;
  // The grid's size changes no bit.
  EXPECT_TRUE(testing::same_bits(got, run(shape, view, is_fp8, q, caches, k_scale, v_scale, 3000)))
      << what;
}

TEST_F(DecodeAttentionCuda, EqualsTheReference) {
  for (const bool is_fp8 : {false, true}) {
    for (const Case& shape :
         {Case{12, 2, 128, 64, 0}, Case{12, 2, 128, 1024, 0}, Case{9, 3, 64, 256, 0},
          Case{16, 2, 128, 128, 0}, Case{24, 2, 128, 128, 0}, Case{2, 2, 64, 64, 0},
          Case{12, 2, 128, 64, 100}, Case{4, 1, 64, 128, 1152}}) {
      compare(shape, is_fp8);
    }
  }
}

TEST_F(DecodeAttentionCuda, RefusesWhatItDoesNotKnow) {
  cuda::DecodeAttention args;
  args.heads = args.groups = 1;
  args.width = 96;
  EXPECT_EQ(cuda::decode_attention(args, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace jet
