// attention as the equations read, in float64: softmax over all visible positions, one head of one
// row at a time.
#include <algorithm>
#include <cmath>

#include "core/half.h"
#include "ops/attention/kernels.h"

namespace jet {
namespace {

double number(const ConstTensorView& tensor, int64_t i) {
  if (tensor.type == DType::F32) return tensor.f32()[i];
  const uint16_t bits = reinterpret_cast<const uint16_t*>(tensor.data)[i];
  return tensor.type == DType::BF16 ? bf16_to_float(bits) : f16_to_float(bits);
}

// Number i of the key or value of position p of sequence n in one group.
double at(const Attention& args, const ConstTensorView& step, const ConstTensorView& cache,
          int64_t n, int64_t p, int64_t group, int64_t i) {
  const int64_t groups = args.k.shape[1], width = args.k.shape[2];
  const int64_t past = args.batch.past[static_cast<size_t>(n)];
  if (p >= past) {
    const int64_t row = args.batch.offsets[static_cast<size_t>(n)] + p - past;
    return step.f32()[(row * groups + group) * width + i];
  }
  const int64_t row = cache_row(args.batch, args.layout, args.window, n, p);
  return number(cache, (row * groups + group) * width + i);
}

}  // namespace

std::vector<double> attention_reference(const Attention& args) {
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
        double dot = 0;
        for (int64_t i = 0; i < width; ++i) {
          dot += args.q.f32()[(row * heads + h) * width + i] *
                 at(args, args.k, args.k_cache, n, j, group, i);
        }
        scores.push_back(dot * double{args.scale});
      }
      const double largest = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (double& score : scores) sum += score = std::exp(score - largest);
      for (int64_t i = 0; i < width; ++i) {
        double mixed = 0;
        for (int64_t j = first; j <= t; ++j) {
          mixed += scores[static_cast<size_t>(j - first)] / sum *
                   at(args, args.v, args.v_cache, n, j, group, i);
        }
        y[static_cast<size_t>((row * heads + h) * width + i)] = mixed;
      }
    }
  }
  return y;
}

}  // namespace jet
