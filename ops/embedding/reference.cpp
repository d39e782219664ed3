// embedding as the definition reads: the whole matrix decoded, its rows picked out.
#include "core/block_types/block_types.h"
#include "ops/embedding/kernels.h"

namespace jet {

std::vector<double> embedding_reference(const Embedding& args) {
  const auto width = static_cast<size_t>(args.weight.in());
  const auto vocabulary = static_cast<size_t>(args.weight.out());
  const auto stride = static_cast<size_t>(row_bytes(args.weight.type(), args.weight.in()));
  std::vector<float> matrix(vocabulary * width);
  for (size_t r = 0; r < vocabulary; ++r) {
    decode_row(args.weight.type(), args.weight.tensor.view().data + r * stride, args.weight.in(),
               matrix.data() + r * width);
  }
  std::vector<double> y;
  for (const int32_t id : args.ids) {
    const float* row = matrix.data() + static_cast<size_t>(id) * width;
    y.insert(y.end(), row, row + width);
  }
  return y;
}

}  // namespace jet
