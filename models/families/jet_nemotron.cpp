// Jet-Nemotron (arXiv 2508.15884): every layer names its mixer in layer_types; what a mixer needs
// beyond the model's sizes stands under efficient_attention_config.<mixer>.
#include "models/families/jet_nemotron.h"

#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "mixers/registry.h"
#include "models/families/common.h"

namespace jet {
namespace {

// A list of names, or, in published configs, a string that holds a Python list of them.
std::vector<std::string> parse_layer_types(const Fields& config) {
  if (!config.has("layer_types"))
    config.bad("layer_types", "is missing: expected one mixer's name a layer");
  Json list = config.json().at("layer_types");
  if (list.is_string()) {
    std::string text = list.get<std::string>();
    for (char& c : text) c = c == '\'' ? '"' : c;
    try {
      list = parse_json(text, "layer_types");
    } catch (const Error& error) {
      config.bad("layer_types", fmt::format("is not a Python list of names ({})", error.what()));
    }
  }
  std::vector<std::string> types;
  if (!list.is_array()) config.bad("layer_types", "expected a list of names");
  for (const Json& type : list) {
    if (!type.is_string()) config.bad("layer_types", "expected a list of names");
    types.push_back(type.get<std::string>());
  }
  return types;
}

std::shared_ptr<const MixerSpec> parse_mixer(const Fields& config, const ModelShape& shape,
                                             const std::string& type) {
  const MixerKind* kind = nullptr;
  try {
    kind = &find_mixer_kind(type);
  } catch (const Error& error) {
    config.bad("layer_types", error.what());
  }
  const Json none = Json::object();
  if (!config.has("efficient_attention_config"))
    return kind->parse(shape, Fields(none, config.where(), "efficient_attention_config." + type));
  const Fields sections = config.object("efficient_attention_config");
  if (!sections.has(type))
    return kind->parse(shape, Fields(none, config.where(), "efficient_attention_config." + type));
  return kind->parse(shape, sections.object(type));
}

// A section that no mixer is called by is a mistake in writing.
void check_section_names(const Fields& config) {
  if (!config.has("efficient_attention_config")) return;
  const Fields sections = config.object("efficient_attention_config");
  for (const auto& [name, section] : sections.json().items()) {
    try {
      find_mixer_kind(name);
    } catch (const Error& error) {
      sections.bad(name, error.what());
    }
  }
}

}  // namespace

DecoderSpec parse_jet_nemotron(const Fields& config) {
  check_section_names(config);
  DecoderSpec spec = parse_common(config, "jet_nemotron");
  spec.shape.attention_bias = config.boolean("attention_bias", true);
  spec.shape.qk_norm = config.boolean("use_qk_norm", false);
  const std::vector<std::string> types = parse_layer_types(config);
  if (static_cast<int64_t>(types.size()) != parse_layer_count(config)) {
    config.bad("layer_types", fmt::format("names {} layers, num_hidden_layers is {}", types.size(),
                                          parse_layer_count(config)));
  }
  std::map<std::string, std::shared_ptr<const MixerSpec>> mixers;
  for (const std::string& type : types) {
    auto& mixer = mixers[type];
    if (!mixer) mixer = parse_mixer(config, spec.shape, type);
    spec.layers.push_back({mixer, parse_mlp_width(config)});
  }
  return spec;
}

Json write_jet_nemotron(const DecoderSpec& spec) {
  Json config = write_common(spec);
  config["attention_bias"] = spec.shape.attention_bias;
  config["use_qk_norm"] = spec.shape.qk_norm;
  Json types = Json::array();
  Json sections = Json::object();
  for (const LayerSpec& layer : spec.layers) {
    const std::string kind(layer.mixer->kind());
    types.push_back(kind);
    const Json section = layer.mixer->config();
    if (!section.empty()) sections[kind] = section;
  }
  config["layer_types"] = types;
  config["efficient_attention_config"] = sections;
  return config;
}

}  // namespace jet
