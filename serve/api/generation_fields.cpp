#include "serve/api/generation_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/model/loaded_model.h"
#include "runtime/sampling/choose_sampling.h"

namespace jet::serve {
namespace {

constexpr int64_t kMost = int64_t{1} << 30;
constexpr size_t kMostBiases = 1024;
constexpr double kMostBias = 100;  // OpenAI's

// {"token id": bias}
std::vector<TokenBias> read_logit_bias(Body& body, int64_t vocabulary) {
  const Json* value = body.find("logit_bias");
  if (value == nullptr) return {};
  if (!value->is_object())
    body.bad("logit_bias", fmt::format("is {}, expected an object", kind_of(*value)));
  if (value->size() > kMostBiases)
    body.bad("logit_bias",
             fmt::format("holds {} tokens, at most {} are taken", value->size(), kMostBiases));
  std::vector<TokenBias> biases;
  for (const auto& [key, bias] : value->items()) {
    int32_t id = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || id < 0 || id >= vocabulary)
      body.bad("logit_bias",
               fmt::format("names \"{}\", expected token ids from 0 to {}", key, vocabulary - 1));
    if (!bias.is_number() || !(std::abs(bias.get<double>()) <= kMostBias))
      body.bad("logit_bias", fmt::format("gives token {} the bias {}, expected a number from -{} "
                                         "to {}",
                                         id, bias.dump(), kMostBias, kMostBias));
    biases.push_back({id, bias.get<double>()});
  }
  return biases;
}

Sampling read_sampling(Body& body, const Model& model) {
  SamplingOptions given;
  given.temperature = body.number("temperature", 0, 100);
  // vLLM's clients say -1 for all.
  if (const auto top_k = body.integer("top_k", -1, kMost))
    given.top_k = std::max<int64_t>(0, *top_k);
  given.top_p = body.number("top_p", 0, 1);
  given.min_p = body.number("min_p", 0, 1);
  given.typical_p = body.number("typical_p", 1e-9, 1);
  given.repetition_penalty = body.number("repetition_penalty", 1e-6, 1e6);
  given.no_repeat_ngram = body.integer("no_repeat_ngram_size", 0, kMost);
  given.seed = body.integer("seed", INT64_MIN, INT64_MAX);
  Sampling sampling = choose_sampling(model.loaded().generation, given);
  sampling.presence_penalty = body.number("presence_penalty", -2, 2).value_or(0);
  sampling.frequency_penalty = body.number("frequency_penalty", -2, 2).value_or(0);
  sampling.logit_bias = read_logit_bias(body, model.vocabulary());
  sampling.min_tokens = body.integer("min_tokens", 0, kMost).value_or(0);
  return sampling;
}

std::vector<std::string> read_stops(Body& body) {
  const Json* value = body.find("stop");
  if (value == nullptr) return {};
  std::vector<std::string> stops;
  const auto add = [&](const Json& each) {
    if (!each.is_string()) body.bad("stop", "must be a string or a list of strings");
    stops.push_back(each.get<std::string>());
    if (stops.back().empty() || stops.back().size() > kLongestStop)
      body.bad("stop", fmt::format("holds a text of {} bytes, expected 1 to {}",
                                   stops.back().size(), kLongestStop));
  };
  if (!value->is_array()) {
    add(*value);
    return stops;
  }
  if (value->size() > kMostStops)
    body.bad("stop",
             fmt::format("holds {} texts, at most {} are taken", value->size(), kMostStops));
  for (const Json& each : *value) add(each);
  return stops;
}

}  // namespace

GenerationFields read_generation_fields(Body& body, const Model& model) {
  GenerationFields fields;
  fields.n = body.integer("n", 1, kMostAnswers).value_or(1);
  fields.sampling = read_sampling(body, model);
  fields.stop = read_stops(body);
  fields.stop_at_end = !body.boolean("ignore_eos", false);
  fields.cache_salt = body.string("cache_salt").value_or("");
  if (fields.cache_salt.size() > kLongestSalt)
    body.bad("cache_salt", fmt::format("is longer than {} bytes", kLongestSalt));
  fields.stream = body.boolean("stream", false);
  if (auto options = body.object("stream_options")) {
    if (!fields.stream) body.bad("stream_options", "stands in a request that does not stream");
    fields.include_usage = options->boolean("include_usage", false);
    options->check_all_known();
  }
  static constexpr std::array<std::string_view, 6> kHarmless{
      "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"};
  body.accept(kHarmless);
  return fields;
}

Request make_request(const GenerationFields& fields, const std::vector<int32_t>& prompt,
                     int64_t max_tokens) {
  return {.prompt = prompt,
          .max_tokens = max_tokens,
          .sampling = fields.sampling,
          .stop = fields.stop,
          .stop_at_end = fields.stop_at_end,
          .answers = fields.n,
          .cache_salt = fields.cache_salt};
}

}  // namespace jet::serve
