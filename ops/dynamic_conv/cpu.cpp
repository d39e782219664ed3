// dynamic_conv on the CPU: threads over channels, so that each reads and writes its own part of the
// state.
#include <algorithm>

#include "ops/dynamic_conv/channels.h"
#include "ops/dynamic_conv/kernels.h"

namespace jet {
namespace {

constexpr int64_t kTaps = 16384;   // a share too small to be worth waking a thread
constexpr int64_t kChannels = 64;  // whole cache lines of each row

// Channels of a thread's share, at least.
int64_t grain(const DynamicConv& args) {
  const int64_t per_channel = std::max<int64_t>(1, args.u.shape[0] * args.taps.shape[2]);
  return std::max<int64_t>(1, kTaps / per_channel / kChannels) * kChannels;
}

void convolve(const DynamicConv& args, size_t n, int64_t begin, int64_t end) {
  const int64_t channels = args.u.shape[1], width = args.taps.shape[2];
  const int64_t first = args.batch.offsets[n], rows = args.batch.offsets[n + 1] - first;
  const int64_t slot = args.batch.slots[n];
  float* state = slot < 0 ? nullptr : args.state.f32() + slot * (width - 1) * channels;
  const ConvHistory history{.step = args.u.f32() + first * channels,
                            .state = state,
                            .channels = channels,
                            .width = width,
                            .past = slot < 0 ? 0 : args.batch.past[n]};
  const float* u[kMostTaps];
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < width; ++i) {
      const float* row = history.row(r - (width - 1) + i);
      u[i] = row == nullptr ? nullptr : row + begin;
    }
    convolve_channels(args.taps.f32() + ((first + r) * channels + begin) * width, u, width,
                      end - begin, args.y.f32() + (first + r) * channels + begin);
  }
  if (state != nullptr) update_conv_state(history, state, rows, begin, end);
}

}  // namespace

void dynamic_conv_cpu(Context& context, const DynamicConv& args) {
  context.threads.parallel_for(args.u.shape[1], grain(args), [&](int64_t begin, int64_t end, int) {
    for (size_t n = 0; n < args.batch.slots.size(); ++n) convolve(args, n, begin, end);
  });
}

}  // namespace jet
