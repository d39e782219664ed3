// A decoder-only language model as a plain value: sizes, and for each layer a mixer and an MLP.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/dtype.h"
#include "io/json.h"
#include "mixers/mixer.h"

namespace jet {

struct LayerSpec {
  std::shared_ptr<const MixerSpec> mixer;
  int64_t mlp_width = 0;  // F: down(silu(gate x) * up x) with gate, up [F, D], down [D, F]
};

struct DecoderSpec {
  std::string family;  // the config's model_type
  ModelShape shape;    // what mixers know of the model
  int64_t vocabulary = 0;
  int64_t max_positions = 0;  // trained context
  bool tied_head = false;     // lm_head is the embedding
  double initializer_range = 0.02;
  DType stored_type = DType::BF16;  // of new checkpoints: the config's torch_dtype
  std::vector<LayerSpec> layers;
};

// Every tensor of the checkpoint by its Hugging Face name, in the order of the forward pass.
std::vector<TensorSpec> decoder_tensors(const DecoderSpec& spec);
// "model.layers.3.self_attn."
std::string mixer_prefix(size_t layer);

int64_t parameter_count(const DecoderSpec& spec);
int64_t parameter_count(const LayerSpec& layer, const DecoderSpec& spec);

// The spec as the config.json of its family: parsing it again gives an equal spec.
Json decoder_config(const DecoderSpec& spec);
bool operator==(const DecoderSpec& a, const DecoderSpec& b);

}  // namespace jet
