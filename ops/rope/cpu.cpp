// rope on the CPU: threads over rows; the sines and cosines of a row serve all its heads.
#include <algorithm>
#include <array>
#include <cmath>

#include "ops/rope/kernels.h"

namespace jet {
namespace {

constexpr int64_t kChunk = 64;  // pairs whose sines and cosines are held at a time
constexpr int64_t kGrain = 4;   // rows: fewer are not worth waking a thread

// One row x [heads, width] at its position.
void turn_row(float* x, int64_t heads, int64_t width, const float* frequencies, int32_t position) {
  const int64_t half = width / 2;
  std::array<float, kChunk> cosines;
  std::array<float, kChunk> sines;
  for (int64_t begin = 0; begin < half; begin += kChunk) {
    const int64_t n = std::min(kChunk, half - begin);
    for (int64_t i = 0; i < n; ++i) {
      const float angle = static_cast<float>(position) * frequencies[begin + i];
      cosines[static_cast<size_t>(i)] = std::cos(angle);
      sines[static_cast<size_t>(i)] = std::sin(angle);
    }
    for (int64_t head = 0; head < heads; ++head) {
      float* first = x + head * width + begin;
      float* second = first + half;
      for (int64_t i = 0; i < n; ++i) {
        const float cosine = cosines[static_cast<size_t>(i)];
        const float sine = sines[static_cast<size_t>(i)];
        const float a = first[i];
        const float b = second[i];
        first[i] = a * cosine - b * sine;
        second[i] = b * cosine + a * sine;
      }
    }
  }
}

}  // namespace

void rope_cpu(Context& context, const Rope& args) {
  const int64_t heads = args.x.shape[1];
  const int64_t width = args.x.shape[2];
  const BatchView& batch = args.batch;
  context.threads.parallel_for(args.x.shape[0], kGrain, [&](int64_t begin, int64_t end, int) {
    for (size_t n = 0; n < batch.slots.size(); ++n) {
      const int64_t first = std::max<int64_t>(begin, batch.offsets[n]);
      const int64_t last = std::min<int64_t>(end, batch.offsets[n + 1]);
      for (int64_t row = first; row < last; ++row) {
        const auto position = static_cast<int32_t>(batch.past[n] + row - batch.offsets[n]);
        turn_row(args.x.f32() + row * heads * width, heads, width, args.frequencies.f32(),
                 position);
      }
    }
  });
}

}  // namespace jet
