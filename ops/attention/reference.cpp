// attention as the equations read, in float64: softmax over all visible positions, one head of one
// row at a time.
#include <algorithm>
#include <cmath>

#include "core/block_types/block_types.h"
#include "core/error.h"
#include "ops/attention/kernels.h"

namespace jet {
namespace {

// The key or value of position p of sequence n in one group: of the step, as the cache would give
// it back.
std::vector<float> row_at(const Attention& args, const ConstTensorView& step,
                          const ConstTensorView& cache, int64_t n, int64_t p, int64_t group) {
  const int64_t groups = args.k.shape[1], width = args.k.shape[2];
  const int64_t past = args.batch.past[static_cast<size_t>(n)];
  const int64_t bytes = row_bytes(cache.type, width);
  std::vector<std::byte> encoded(static_cast<size_t>(bytes));
  if (p >= past) {
    const int64_t row = args.batch.offsets[static_cast<size_t>(n)] + p - past;
    encode_row(cache.type, step.f32() + (row * groups + group) * width, width, encoded.data());
  } else {
    const int64_t row = cache_row(args.batch, args.layout, args.window, n, p);
    std::copy_n(cache.data + (row * groups + group) * bytes, bytes, encoded.data());
  }
  std::vector<float> numbers(static_cast<size_t>(width));
  decode_row(cache.type, encoded.data(), width, numbers.data());
  return numbers;
}

}  // namespace

std::vector<double> attention_reference(const Attention& args) {
  JET_CHECK(args.layout == CacheLayout::Ring || args.batch.page_tokens > 0);
  const int64_t heads = args.q.shape[1], groups = args.k.shape[1], width = args.q.shape[2];
  std::vector<double> y(static_cast<size_t>(args.q.shape.elements()));
  for (int64_t row = 0; row < args.q.shape[0]; ++row) {
    const int64_t n = sequence_of_row(args.batch, row);
    const auto sequence = static_cast<size_t>(n);
    if (args.batch.slots[sequence] < 0) continue;
    const int64_t t = args.batch.past[sequence] + row - args.batch.offsets[sequence];
    const int64_t first = args.window == 0 ? 0 : std::max<int64_t>(0, t - args.window + 1);
    for (int64_t h = 0; h < heads; ++h) {
      const int64_t group = h / (heads / groups);
      std::vector<double> scores;
      for (int64_t j = first; j <= t; ++j) {
        const std::vector<float> key = row_at(args, args.k, args.k_cache, n, j, group);
        double dot = 0;
        for (int64_t i = 0; i < width; ++i)
          dot += double{args.q.f32()[(row * heads + h) * width + i]} * key[static_cast<size_t>(i)];
        scores.push_back(dot * double{args.scale});
      }
      const double largest = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (double& score : scores) sum += score = std::exp(score - largest);
      double* mixed = y.data() + (row * heads + h) * width;
      for (int64_t j = first; j <= t; ++j) {
        const std::vector<float> value = row_at(args, args.v, args.v_cache, n, j, group);
        const double weight = scores[static_cast<size_t>(j - first)] / sum;
        for (int64_t i = 0; i < width; ++i) mixed[i] += weight * value[static_cast<size_t>(i)];
      }
    }
  }
  return y;
}

}  // namespace jet
