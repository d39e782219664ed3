// dynamic_conv on the CPU: threads over channels, so that each reads and writes its own part of the
// state.
#include <algorithm>

#include "ops/activations.h"
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

// One sequence, seen from one channel on: u at row r >= 0 of the step, and before it in the state.
struct Sequence {
  const float* u;     // [rows, channels]
  const float* taps;  // [rows, channels, width]
  float* y;           // [rows, channels]
  float* state;       // [width - 1, channels], or nullptr: padding
  int64_t rows;
  int64_t past;
  int64_t channels;
  int64_t width;
};

Sequence sequence_of(const DynamicConv& args, size_t n) {
  const int64_t channels = args.u.shape[1], width = args.taps.shape[2];
  const int64_t first = args.batch.offsets[n], slot = args.batch.slots[n];
  return {.u = args.u.f32() + first * channels,
          .taps = args.taps.f32() + first * channels * width,
          .y = args.y.f32() + first * channels,
          .state = slot < 0 ? nullptr : args.state.f32() + slot * (width - 1) * channels,
          .rows = args.batch.offsets[n + 1] - first,
          .past = slot < 0 ? 0 : args.batch.past[n],
          .channels = channels,
          .width = width};
}

void convolve(const Sequence& s, int64_t begin, int64_t end) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const float* taps = s.taps + r * s.channels * s.width;
    float* y = s.y + r * s.channels;
    std::fill(y + begin, y + end, 0.0f);
    // Taps that would meet a token before the sequence's first are left out.
    for (int64_t i = std::max<int64_t>(0, s.width - 1 - (s.past + r)); i < s.width; ++i) {
      const int64_t row = r - (s.width - 1) + i;
      const float* u =
          row >= 0 ? s.u + row * s.channels : s.state + (row + s.width - 1) * s.channels;
      for (int64_t c = begin; c < end; ++c) y[c] += taps[c * s.width + i] * u[c];
    }
    silu(y + begin, end - begin, y + begin);
  }
}

// The last width - 1 rows of what is now the sequence; zero before its first token.
void update_state(const Sequence& s, int64_t begin, int64_t end) {
  const int64_t history = s.width - 1;
  for (int64_t i = 0; i < history; ++i) {
    const int64_t row = s.rows - history + i;  // ascending: a row is read before it is replaced
    float* to = s.state + i * s.channels;
    if (s.past + row < 0) {
      std::fill(to + begin, to + end, 0.0f);
    } else {
      const float* from =
          row >= 0 ? s.u + row * s.channels : s.state + (row + history) * s.channels;
      std::copy(from + begin, from + end, to + begin);
    }
  }
}

}  // namespace

void dynamic_conv_cpu(Context& context, const DynamicConv& args) {
  context.threads.parallel_for(args.u.shape[1], grain(args), [&](int64_t begin, int64_t end, int) {
    for (size_t n = 0; n < args.batch.slots.size(); ++n) {
      const Sequence sequence = sequence_of(args, n);
      convolve(sequence, begin, end);
      if (sequence.state != nullptr) update_state(sequence, begin, end);
    }
  });
}

}  // namespace jet
