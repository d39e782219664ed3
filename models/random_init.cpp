#include "models/random_init.h"

#include <cmath>

#include "core/block_types/block_types.h"
#include "core/random.h"
#include "core/thread_pool.h"
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

// Each row draws from a stream of its own, so that threads may share the rows.
Tensor random_tensor(ThreadPool& threads, const TensorSpec& spec, DType type, double range,
                     uint64_t seed, uint64_t index) {
  Tensor tensor(spec.float32 ? DType::F32 : type, spec.shape);
  const TensorView view = tensor.mutable_view();
  const int64_t width = spec.shape.back();
  const int64_t stride = row_bytes(tensor.type(), width);
  threads.parallel_for(view.rows(), 1, [&](int64_t begin, int64_t end, int) {
    std::vector<float> row(static_cast<size_t>(width));
    for (int64_t r = begin; r < end; ++r) {
      Random random(seed, index << 32 | static_cast<uint64_t>(r));
      for (float& value : row) value = draw(random, spec.init, range);
      encode_row(tensor.type(), row.data(), width, view.data + r * stride);
    }
  });
  return tensor;
}

}  // namespace

Checkpoint random_checkpoint(const Json& config, std::string_view where, uint64_t seed,
                             const std::function<void(int64_t, int64_t)>& progress) {
  Checkpoint checkpoint;
  checkpoint.path = std::string(where);
  checkpoint.config = config;
  checkpoint.spec = parse_decoder_config(config, where);
  checkpoint.generation = parse_generation_fields(config, where);
  ThreadPool threads(available_threads());
  const int64_t all = parameter_count(checkpoint.spec);
  int64_t done = 0;
  uint64_t index = 0;
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec)) {
    if (progress) progress(done, all);
    checkpoint.tensors[spec.name] = random_tensor(threads, spec, checkpoint.spec.stored_type,
                                                  checkpoint.spec.initializer_range, seed, index++);
    done += spec.shape.elements();
  }
  if (progress) progress(done, all);
  return checkpoint;
}

}  // namespace jet
