// Random hybrids of any size, for tests and benchmarks: a directory is written and loaded.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <jet/model.h>

#include "io/json.h"
#include "io/safetensors.h"
#include "models/random_init.h"

namespace jet::testing {

struct HybridSizes {
  int64_t hidden = 8;
  int64_t vocabulary = 16;
  int64_t key_dim = 4;  // of one JetBlock head; values are as wide
  int64_t window = 12;
};

// `layers`: "jet", "swa", "attn". The directory must be there.
inline Model random_hybrid(const std::filesystem::path& directory,
                           const std::vector<std::string>& layers, const HybridSizes& sizes = {}) {
  const Json jet{{"mode", "chunk"}, {"num_heads", 1}, {"head_dim", sizes.key_dim},
                 {"expand_v", 1.0}, {"conv_size", 4}, {"dconv_generator_reduction", 2},
                 {"norm_eps", 1e-5}};
  const Json config{
      {"model_type", "jet_nemotron"},
      {"hidden_act", "silu"},
      {"torch_dtype", "float32"},
      {"bos_token_id", 0},
      {"eos_token_id", 1},
      {"vocab_size", sizes.vocabulary},
      {"hidden_size", sizes.hidden},
      {"intermediate_size", 2 * sizes.hidden},
      {"num_hidden_layers", layers.size()},
      {"num_attention_heads", 2},
      {"num_key_value_heads", 1},
      {"max_position_embeddings", 1 << 20},
      {"rms_norm_eps", 1e-6},
      {"rope_theta", 10000.0},
      {"initializer_range", 0.02},
      {"tie_word_embeddings", true},
      {"layer_types", layers},
      {"efficient_attention_config", {{"jet", jet}, {"swa", {{"window_size", sizes.window}}}}}};
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : random_checkpoint(config, "config", 1).tensors)
    tensors.push_back({name, tensor});
  write_safetensors(directory / "model.safetensors", tensors);
  std::ofstream(directory / "config.json") << config.dump();
  return Model::load(directory.string());
}

}  // namespace jet::testing
