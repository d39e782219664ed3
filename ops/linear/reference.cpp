// linear as the equation reads, in float64 on the decoded weight.
#include "core/block_types/block_types.h"
#include "ops/linear/kernels.h"

namespace jet {

std::vector<double> linear_reference(const Linear& args) {
  const int64_t tokens = args.x.shape[0];
  const int64_t in = args.weight.in();
  const int64_t out = args.weight.out();
  const int64_t stride = row_bytes(args.weight.type(), in);
  std::vector<float> row(static_cast<size_t>(in));
  std::vector<double> y(static_cast<size_t>(tokens * out));
  for (int64_t r = 0; r < out; ++r) {
    decode_row(args.weight.type(), args.weight.tensor.view().data + r * stride, in, row.data());
    for (int64_t t = 0; t < tokens; ++t) {
      double sum = args.bias.data != nullptr ? args.bias.f32()[r] : 0.0;
      for (int64_t i = 0; i < in; ++i)
        sum += double{row[static_cast<size_t>(i)]} * args.x.f32()[t * in + i];
      y[static_cast<size_t>(t * out + r)] = sum;
    }
  }
  return y;
}

}  // namespace jet
