#include "apps/jet/generation_options.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jet::cli {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 40;

double per_second(int64_t count, double seconds) {
  return count > 0 && seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double prompt_rate(const Output& output) {
  return per_second(output.prompt_tokens - output.cached_tokens, output.prompt_seconds);
}

// The first token came with the prompt.
double decode_rate(const Output& output) {
  return per_second(static_cast<int64_t>(output.ids.size()) - 1, output.decode_seconds);
}

Json log_probabilities_json(const Answer& answer) {
  Json list = Json::array();
  for (size_t i = 0; i < answer.log_probabilities.size(); ++i) {
    const LogProbabilities& at = answer.log_probabilities[i];
    Json top = Json::array();
    for (const TokenLogProbability& each : at.top)
      top.push_back({{"id", each.id}, {"logprob", each.value}});
    list.push_back({{"id", answer.ids[i]}, {"logprob", at.chosen}, {"top", top}});
  }
  return list;
}

// What each answer has of its own.
void add_answer(Json& json, const Report& report, const Answer& answer) {
  if (report.has_scores) json["score"] = answer.score;
  if (!answer.log_probabilities.empty()) json["logprobs"] = log_probabilities_json(answer);
}

}  // namespace

void add_generation_options(Options& options, GenerationOptions& generation) {
  options.integer("--max-tokens", generation.max_tokens, {0, kMostTokens},
                  "stop after N tokens (default: 256)");
  options.number("--temperature", generation.sampling.temperature, {0, 1e6},
                 "flattens the distribution above 1, sharpens it below; 0: greedy");
  options.integer("--top-k", generation.sampling.top_k, {0, int64_t{1} << 30},
                  "only the N likeliest tokens; 0: all");
  options.number("--top-p", generation.sampling.top_p, {0, 1},
                 "the fewest tokens whose probabilities reach X");
  options.number("--min-p", generation.sampling.min_p, {0, 1},
                 "only tokens with X times the largest probability");
  options.number("--typical-p", generation.sampling.typical_p, {1e-9, 1},
                 "tokens of typical information whose probabilities reach X");
  options.number("--repeat-penalty", generation.sampling.repetition_penalty, {1e-6, 1e6},
                 "makes tokens of the context less likely; 1: none");
  options.integer("--no-repeat-ngram", generation.sampling.no_repeat_ngram, {0, int64_t{1} << 30},
                  "no N tokens in a row twice, the prompt's counted; 0: any may be");
  options.integer("--min-tokens", generation.min_tokens, {0, kMostTokens},
                  "no end of the text before N tokens");
  options.integer("--seed", generation.sampling.seed, {}, "same seed, same text (default: random)");
}

Sampling request_sampling(const GenerationConfig& config, const GenerationOptions& options) {
  Sampling sampling = choose_sampling(config, options.sampling);
  sampling.min_tokens = options.min_tokens;
  return sampling;
}

Json report_json(const Report& report) {
  const Output& output = report.output;
  Json json{{"text", output.text},
            {"ids", output.ids},
            {"prompt_tokens", output.prompt_tokens},
            {"cached_tokens", output.cached_tokens},
            {"completion_tokens", output.ids.size()},
            {"finish_reason", name(output.finish)},
            {"timings",
             {{"load_seconds", report.load_seconds},
              {"prompt_seconds", output.prompt_seconds},
              {"decode_seconds", output.decode_seconds},
              {"prompt_tokens_per_second", prompt_rate(output)},
              {"decode_tokens_per_second", decode_rate(output)}}},
            {"seed", report.seed}};
  add_answer(json, report, output);
  for (const Answer& answer : output.others) {
    Json other{{"text", answer.text},
               {"ids", answer.ids},
               {"completion_tokens", answer.ids.size()},
               {"finish_reason", name(answer.finish)}};
    add_answer(other, report, answer);
    json["others"].push_back(other);
  }
  return json;
}

std::string report_line(const Report& report) {
  const Output& output = report.output;
  return fmt::format(
      "prompt: {} tokens, {} of them kept, {:.2f} s, {:.1f} tokens/s; answer: {} tokens, {:.2f} s, "
      "{:.1f} tokens/s; {}; "
      "seed {}",
      output.prompt_tokens, output.cached_tokens, output.prompt_seconds, prompt_rate(output),
      output.ids.size(), output.decode_seconds, decode_rate(output), name(output.finish),
      report.seed);
}

}  // namespace jet::cli
