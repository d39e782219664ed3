#include "models/files/gguf_rope.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "mixers/attention/rope_frequencies.h"
#include "models/files/gguf_numbers.h"
#include "ops/rope/rope.h"

namespace jet {
namespace {

constexpr const char* kFactor = "jet.rope_scaling.factor";
constexpr const char* kLow = "jet.rope_scaling.low_frequency_factor";
constexpr const char* kHigh = "jet.rope_scaling.high_frequency_factor";
constexpr const char* kContext = "jet.rope_scaling.original_context_length";
constexpr int64_t kLongest = int64_t{1} << 30;
constexpr int64_t kWidestHead = int64_t{1} << 20;

// What each frequency is divided by, [d / 2].
Tensor factors_of(const ModelShape& shape) {
  const Tensor plain = rope_frequencies(shape.head_dim, shape.rope_theta);
  const Tensor scaled = scaled_rope_frequencies(shape);
  Tensor factors(DType::F32, plain.shape());
  for (int64_t i = 0; i < shape.head_dim / 2; ++i) {
    factors.mutable_view().f32()[i] = plain.view().f32()[i] / scaled.view().f32()[i];
  }
  return factors;
}

bool agree(ConstTensorView a, ConstTensorView b) {
  constexpr float kTolerance = 1e-4f;  // of factors computed in float32 by other writers
  return std::equal(a.f32(), a.f32() + a.shape.elements(), b.f32(),
                    [](float x, float y) { return std::abs(x - y) <= kTolerance * std::abs(y); });
}

// Llama 3's parameters from its factors: the largest is the factor; the rest by our keys, or as all
// Llama 3 models have them.
RopeScaling llama3_scaling(const Gguf& file, const Tensor& factors, const Json& config) {
  const GgufMetadata& metadata = file.metadata;
  RopeScaling scaling{.kind = RopeScaling::Kind::Llama3};
  const ConstTensorView view = factors.view();
  const int64_t head_dim = config["head_dim"].get<int64_t>();
  if (head_dim < 2 || head_dim % 2 != 0 || head_dim > kWidestHead || view.type != DType::F32 ||
      !(view.shape == Shape{head_dim / 2})) {
    fail("{}: tensor {} is {} {}, expected f32 [{}], half the head width", metadata.where,
         kRopeFactors, name(view.type), to_string(view.shape), head_dim / 2);
  }
  const double largest = *std::max_element(view.f32(), view.f32() + head_dim / 2);
  scaling.factor = meant(metadata.optional_number(kFactor).value_or(largest));
  scaling.low_frequency_factor = meant(metadata.optional_number(kLow).value_or(1));
  scaling.high_frequency_factor = meant(metadata.optional_number(kHigh).value_or(4));
  scaling.original_context = metadata.optional_integer(kContext, 1, kLongest).value_or(8192);
  const double theta = config["rope_theta"].get<double>();
  if (!(theta > 0))
    fail("{}: the RoPE base is {}, expected a number above 0", metadata.where, theta);
  const ModelShape shape{.head_dim = head_dim, .rope_theta = theta, .rope_scaling = scaling};
  if (!(scaling.factor >= 1) || !agree(view, factors_of(shape).view())) {
    fail("{}: tensor {}: its factors do not follow Llama 3's rule, and no other is known",
         metadata.where, kRopeFactors);
  }
  return scaling;
}

}  // namespace

void rope_scaling_from_gguf(const Gguf& file, const std::string& prefix, Json& config) {
  const GgufMetadata& metadata = file.metadata;
  config["rope_scaling"] = nullptr;
  const auto factors = std::ranges::find(file.tensors, kRopeFactors, &NamedTensor::name);
  if (factors != file.tensors.end()) {
    const RopeScaling scaling = llama3_scaling(file, factors->tensor, config);
    config["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", scaling.factor},
                              {"low_freq_factor", scaling.low_frequency_factor},
                              {"high_freq_factor", scaling.high_frequency_factor},
                              {"original_max_position_embeddings", scaling.original_context}};
  }
  const auto type = metadata.optional_string(prefix + "rope.scaling.type");
  if (!type || *type == "none") return;
  if (*type != "linear" || factors != file.tensors.end()) {
    fail("{}: key {}rope.scaling.type: {} is not known{}; known are none and linear",
         metadata.where, prefix, *type,
         factors != file.tensors.end() ? fmt::format(" beside {}", kRopeFactors) : "");
  }
  config["rope_scaling"] = {{"rope_type", "linear"},
                            {"factor", meant(metadata.number(prefix + "rope.scaling.factor"))}};
}

void rope_scaling_to_gguf(const ModelShape& shape, const std::string& prefix,
                          GgufMetadata& metadata, std::vector<NamedTensor>& tensors) {
  if (!shape.rope_scaling) return;
  const RopeScaling& scaling = *shape.rope_scaling;
  if (scaling.kind == RopeScaling::Kind::Linear) {
    metadata.set_string(prefix + "rope.scaling.type", "linear");
    set_meant(metadata, prefix + "rope.scaling.factor", scaling.factor);
    return;
  }
  set_meant(metadata, kFactor, scaling.factor);
  set_meant(metadata, kLow, scaling.low_frequency_factor);
  set_meant(metadata, kHigh, scaling.high_frequency_factor);
  metadata.set_integer(kContext, scaling.original_context);
  tensors.push_back({kRopeFactors, factors_of(shape)});
}

}  // namespace jet
