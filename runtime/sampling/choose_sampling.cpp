#include "runtime/sampling/choose_sampling.h"

#include <random>

namespace jet {
namespace {

constexpr int64_t kDefaultTopK = 50;  // transformers', for a config that samples and names none

double choose_temperature(const GenerationConfig& config, const SamplingOptions& options) {
  if (options.temperature) return *options.temperature;
  if (config.do_sample) return config.temperature.value_or(1);
  return options.top_k || options.top_p || options.min_p || options.typical_p ? 1 : 0;
}

}  // namespace

Sampling choose_sampling(const GenerationConfig& config, const SamplingOptions& options) {
  Sampling sampling;
  sampling.temperature = choose_temperature(config, options);
  sampling.top_k =
      options.top_k.value_or(config.top_k.value_or(config.do_sample ? kDefaultTopK : 0));
  sampling.top_p = options.top_p.value_or(config.top_p.value_or(1));
  sampling.min_p = options.min_p.value_or(config.min_p.value_or(0));
  sampling.typical_p = options.typical_p.value_or(config.typical_p.value_or(1));
  sampling.epsilon_cutoff = config.epsilon_cutoff.value_or(0);
  sampling.eta_cutoff = config.eta_cutoff.value_or(0);
  sampling.no_repeat_ngram =
      options.no_repeat_ngram.value_or(config.no_repeat_ngram_size.value_or(0));
  sampling.repetition_penalty =
      options.repetition_penalty.value_or(config.repetition_penalty.value_or(1));
  sampling.seed = options.seed ? static_cast<uint64_t>(*options.seed) : std::random_device{}();
  return sampling;
}

}  // namespace jet
