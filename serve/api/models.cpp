// /v1/models, and the card of a model that the page draws.
#include "models/memory_report.h"
#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"

namespace jet::serve {

Json model_json(const ServedModel& served) {
  return {{"id", served.name},
          {"object", "model"},
          {"created", served.created},
          {"owned_by", "jet"},
          {"max_model_len", served.host->context_length()}};
}

Json models_json(ServedModels models) {
  Json data = Json::array();
  for (const auto& served : models) data.push_back(model_json(*served));
  return {{"object", "list"}, {"data", data}};
}

Json card_json(const ServedModel& served) {
  const Model& model = served.model();
  const LoadedModel& loaded = model.loaded();
  const DecoderSpec& spec = loaded.decoder.spec();
  Json kinds = Json::array();
  for (const LayerSpec& layer : spec.layers) kinds.push_back(layer.mixer->kind());
  const StateSizes sizes = state_sizes(spec, served.state_types);
  const StateSizes plain = state_sizes(plain_transformer(spec), served.state_types);
  Json card = model_json(served);
  card["architecture"] = model.architecture();
  card["parameters"] = model.parameters();
  card["weight_bytes"] = model.weight_bytes();
  card["vocabulary"] = model.vocabulary();
  card["trained_context"] = model.trained_context();
  card["layers"] = std::move(kinds);
  card["has_chat_template"] = model.has_chat_template();
  card["state"] = {{"recurrent_bytes", sizes.recurrent},
                   {"convolution_bytes", sizes.convolution},
                   {"window_bytes", sizes.window},
                   {"kv_bytes_per_token", sizes.kv_per_token},
                   {"plain_kv_bytes_per_token", plain.kv_per_token}};
  return card;
}

}  // namespace jet::serve
