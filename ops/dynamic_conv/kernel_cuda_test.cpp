// dynamic_conv_prefill on CUDA against the float64 reference.
#include "ops/dynamic_conv/cuda_prefill.cuh"
#include "ops/dynamic_conv/kernels.h"
#include "ops/testing/cuda_test.cuh"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using DynamicConvCuda = testing::CudaTest;

using testing::DeviceArray;
using testing::normals;
using testing::OwnedBatch;

TEST_F(DynamicConvCuda, EqualsTheReferenceAndKeepsTheLastRows) {
  OwnedBatch batch({9, 0, 1, 2, 33, 4, 1}, {0, 4, 1, 7, 2, 0, 0});
  batch.slots = {3, 1, 0, 5, 6, -1, 4};
  const BatchView view = batch.view();
  const int64_t tokens = view.tokens(), slots = 7;
  for (const int64_t channels : {8, 136, 3072}) {
    auto u = normals(tokens * channels, 1), taps = normals(tokens * channels * 4, 2);
    auto before = normals(slots * 3 * channels, 3);
    testing::round_to_bf16(u);
    testing::round_to_bf16(taps);
    testing::round_to_bf16(before);
    DeviceArray<uint16_t> u16(testing::to_bf16(u)), taps16(testing::to_bf16(taps)), y16(u.size());
    DeviceArray<uint16_t> state16(testing::to_bf16(before));
    DeviceArray<int32_t> offsets(batch.offsets), slot(batch.slots), past(batch.past);
    cuda::DynamicConvPrefill args;
    args.u = u16.data();
    args.taps = taps16.data();
    args.y = y16.data();
    args.u_stride = args.y_stride = channels;
    args.taps_stride = 4 * channels;
    args.offsets = offsets.data();
    args.slots = slot.data();
    args.past = past.data();
    args.sequences = static_cast<int>(view.sequences());
    args.tokens = static_cast<int>(tokens);
    args.channels = static_cast<int>(channels);
    args.state = state16.data();
    testing::check_cuda(cuda::dynamic_conv_prefill(args, nullptr));
    testing::check_cuda(cudaDeviceSynchronize());
    EXPECT_TRUE(y16.guards_are_whole() && state16.guards_are_whole());

    std::vector<float> unused(u.size());
    const auto expected = dynamic_conv_reference(
        {.u = view_of(std::span(std::as_const(u)), Shape{tokens, channels}),
         .taps = view_of(std::span(std::as_const(taps)), Shape{tokens, channels, 4}),
         .batch = view,
         .state = view_of(std::span(before), Shape{slots, 3, channels}),
         .y = view_of(std::span(unused), Shape{tokens, channels})});
    // Sums of four products in float32, rounded once to bf16.
    EXPECT_LT(testing::worst_error(testing::from_bf16(y16.values()), expected), 4.5e-3);

    const auto after = testing::from_bf16(state16.values());
    for (size_t n = 0; n < batch.slots.size(); ++n) {
      const int64_t rows = batch.offsets[n + 1] - batch.offsets[n];
      if (batch.slots[n] < 0) continue;
      for (int64_t i = 0; i < 3; ++i) {
        const int64_t row = rows - 3 + i;
        for (int64_t c = 0; c < channels; ++c) {
          float kept = 0;
          if (row >= 0) {
            kept = u[static_cast<size_t>((batch.offsets[n] + row) * channels + c)];
          } else if (batch.past[n] + row >= 0 || rows == 0) {
            kept = before[static_cast<size_t>((batch.slots[n] * 3 + 3 + row) * channels + c)];
          }
          ASSERT_EQ(after[static_cast<size_t>((batch.slots[n] * 3 + i) * channels + c)], kept)
              << "sequence " << n << ", row " << i << ", channel " << c;
        }
      }
    }
  }
}

}  // namespace
}  // namespace jet
