#include "models/decoder_spec.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/family.h"

namespace jet {
namespace {

std::string layer_prefix(size_t layer) { return fmt::format("model.layers.{}.", layer); }

void append_layer(const DecoderSpec& spec, size_t index, std::vector<TensorSpec>& list) {
  const LayerSpec& layer = spec.layers[index];
  const int64_t hidden = spec.shape.hidden;
  const std::string prefix = layer_prefix(index);
  list.push_back({prefix + "input_layernorm.weight", {hidden}, Init::Ones});
  for (TensorSpec tensor : layer.mixer->tensors()) {
    tensor.name = mixer_prefix(index) + tensor.name;
    list.push_back(std::move(tensor));
  }
  list.push_back({prefix + "post_attention_layernorm.weight", {hidden}, Init::Ones});
  list.push_back({prefix + "mlp.gate_proj.weight", {layer.mlp_width, hidden}});
  list.push_back({prefix + "mlp.up_proj.weight", {layer.mlp_width, hidden}});
  list.push_back({prefix + "mlp.down_proj.weight", {hidden, layer.mlp_width}});
}

int64_t total(const std::vector<TensorSpec>& list) {
  int64_t sum = 0;
  for (const TensorSpec& tensor : list) sum += tensor.shape.elements();
  return sum;
}

}  // namespace

std::string mixer_prefix(size_t layer) { return layer_prefix(layer) + "self_attn."; }

std::vector<TensorSpec> decoder_tensors(const DecoderSpec& spec) {
  const Shape matrix{spec.vocabulary, spec.shape.hidden};
  std::vector<TensorSpec> list{{"model.embed_tokens.weight", matrix}};
  for (size_t index = 0; index < spec.layers.size(); ++index) append_layer(spec, index, list);
  list.push_back({"model.norm.weight", {spec.shape.hidden}, Init::Ones});
  if (!spec.tied_head) list.push_back({"lm_head.weight", matrix});
  return list;
}

int64_t parameter_count(const DecoderSpec& spec) { return total(decoder_tensors(spec)); }

int64_t parameter_count(const LayerSpec& layer, const DecoderSpec& spec) {
  return total(layer.mixer->tensors()) + 3 * layer.mlp_width * spec.shape.hidden +
         2 * spec.shape.hidden;
}

Json decoder_config(const DecoderSpec& spec) { return find_family(spec.family).write(spec); }

bool operator==(const DecoderSpec& a, const DecoderSpec& b) {
  return decoder_config(a) == decoder_config(b);
}

}  // namespace jet
