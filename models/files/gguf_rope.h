// RoPE scaling in GGUF files: "linear" by metadata, Llama 3's by the tensor rope_freqs.weight.
// Keys: docs/gguf.md.
#pragma once

#include <string>
#include <vector>

#include "io/gguf.h"
#include "mixers/mixer.h"

namespace jet {

inline constexpr const char* kRopeFactors = "rope_freqs.weight";

// Sets config's rope_scaling; its head_dim and rope_theta are set. Throws Error naming the key, or
// the tensor when its factors are not those of Llama 3's rule.
void rope_scaling_from_gguf(const Gguf& file, const std::string& prefix, Json& config);

// Adds the keys, and for Llama 3's rule the tensor.
void rope_scaling_to_gguf(const ModelShape& shape, const std::string& prefix,
                          GgufMetadata& metadata, std::vector<NamedTensor>& tensors);

}  // namespace jet
