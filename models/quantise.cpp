#include "models/quantise.h"

#include "core/error.h"

namespace jet {
namespace {

// The format for rows of that width.
DType fitting(DType type, int64_t width) {
  if (width % block_elements(type) == 0) return type;
  switch (type) {
    case DType::Q4_K:
      return fitting(DType::Q5_0, width);
    case DType::Q5_K:
      return fitting(DType::Q5_1, width);
    case DType::Q6_K:
      return fitting(DType::Q8_0, width);
    default:
      return DType::F16;
  }
}

double bits(DType type) {
  return static_cast<double>(block_bytes(type)) / static_cast<double>(block_elements(type));
}

DType head_type(DType type) { return bits(type) < bits(DType::Q6_K) ? DType::Q6_K : type; }

}  // namespace

QuantisationPlan quantisation_plan(const DecoderSpec& spec, DType type) {
  JET_CHECK(is_quantised(type));
  const std::string head = spec.tied_head ? "model.embed_tokens.weight" : "lm_head.weight";
  QuantisationPlan plan;
  for (const TensorSpec& tensor : decoder_tensors(spec)) {
    if (tensor.shape.rank() != 2 || tensor.float32 || tensor.keep_float) continue;
    const DType asked = tensor.name == head ? head_type(type) : type;
    const int64_t width = tensor.shape.back();
    const DType fits = fitting(asked, width);
    plan.tensors.push_back({tensor.name, fits});
    if (fits != asked) plan.fallbacks.push_back({tensor.name, width, asked, fits});
  }
  return plan;
}

}  // namespace jet
