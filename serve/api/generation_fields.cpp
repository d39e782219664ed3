#include "serve/api/generation_fields.h"

#include <array>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jet::serve {
namespace {

constexpr int64_t kMost = int64_t{1} << 30;
constexpr int64_t kDefaultTopK = 50;  // transformers' for a model that samples

Sampling read_sampling(Body& body, const GenerationConfig& config) {
  Sampling sampling;
  const auto temperature = body.number("temperature", 0, 100);
  const auto top_k = body.integer("top_k", -1, kMost);
  const auto top_p = body.number("top_p", 0, 1);
  const auto min_p = body.number("min_p", 0, 1);
  const auto penalty = body.number("repetition_penalty", 1e-6, 1e6);
  const bool asks_to_sample = top_k || top_p || min_p;
  const double otherwise =
      config.do_sample ? config.temperature.value_or(1) : (asks_to_sample ? 1 : 0);
  sampling.temperature = temperature.value_or(otherwise);
  sampling.top_k = std::max<int64_t>(
      0, top_k.value_or(config.top_k.value_or(config.do_sample ? kDefaultTopK : 0)));
  sampling.top_p = top_p.value_or(config.top_p.value_or(1));
  sampling.min_p = min_p.value_or(config.min_p.value_or(0));
  sampling.repetition_penalty = penalty.value_or(config.repetition_penalty.value_or(1));
  const auto seed = body.integer("seed", INT64_MIN, INT64_MAX);
  sampling.seed = seed ? static_cast<uint64_t>(*seed) : std::random_device{}();
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

GenerationFields read_generation_fields(Body& body, const GenerationConfig& config) {
  GenerationFields fields;
  fields.n = body.integer("n", 1, kMostAnswers).value_or(1);
  fields.sampling = read_sampling(body, config);
  fields.stop = read_stops(body);
  fields.stop_at_end = !body.boolean("ignore_eos", false);
  fields.stream = body.boolean("stream", false);
  if (auto options = body.object("stream_options")) {
    if (!fields.stream) body.bad("stream_options", "stands in a request that does not stream");
    fields.include_usage = options->boolean("include_usage", false);
    options->check_all_known();
  }
  constexpr std::string_view kMissing = "is not offered; leave it out";
  body.only("frequency_penalty", 0, kMissing);
  body.only("presence_penalty", 0, kMissing);
  body.only("logit_bias", Json::object(), kMissing);
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
          .answers = fields.n};
}

}  // namespace jet::serve
