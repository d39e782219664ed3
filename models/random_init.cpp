#include "models/random_init.h"

#include <cmath>

#include "core/block_types/block_types.h"
#include "core/random.h"
#include "models/family.h"

namespace jet {
namespace {

float draw(Random& random, Init init, double range) {
  switch (init) {
    case Init::Normal:
      return static_cast<float>(range * random.normal());
    case Init::Zeros:
      return 0.0f;
    case Init::Ones:
      return 1.0f;
    case Init::DecayRate:
      return static_cast<float>(std::log(16.0 * (1.0 - random.uniform())));  // A in (0, 16]
    case Init::TimeStep: {
      const double dt =
          std::exp(std::log(1e-3) + random.uniform() * (std::log(0.1) - std::log(1e-3)));
      return static_cast<float>(dt + std::log(-std::expm1(-dt)));  // softplus^-1
    }
  }
  return 0.0f;
}

Tensor random_tensor(const TensorSpec& spec, DType type, double range, uint64_t seed,
                     uint64_t stream) {
  Tensor tensor(spec.float32 ? DType::F32 : type, spec.shape);
  Random random(seed, stream);
  const int64_t width = spec.shape.back();
  std::vector<float> row(static_cast<size_t>(width));
  const int64_t stride = row_bytes(tensor.type(), width);
  for (int64_t r = 0; r < tensor.view().rows(); ++r) {
    for (float& value : row) value = draw(random, spec.init, range);
    encode_row(tensor.type(), row.data(), width, tensor.mutable_view().data + r * stride);
  }
  return tensor;
}

}  // namespace

Checkpoint random_checkpoint(const Json& config, std::string_view where, uint64_t seed) {
  Checkpoint checkpoint;
  checkpoint.path = std::string(where);
  checkpoint.config = config;
  checkpoint.spec = parse_decoder_config(config, where);
  checkpoint.generation = parse_generation_config(config, where);
  uint64_t stream = 0;
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec)) {
    checkpoint.tensors[spec.name] = random_tensor(
        spec, checkpoint.spec.stored_type, checkpoint.spec.initializer_range, seed, stream++);
  }
  return checkpoint;
}

}  // namespace jet
