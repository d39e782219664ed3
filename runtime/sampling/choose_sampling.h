// Which sampling follows from a model's generation_config.json and what a caller gives.
#pragma once

#include <cstdint>
#include <optional>

#include <jet/request.h>

#include "models/generation_config.h"

namespace jet {

// What a caller may leave open.
struct SamplingOptions {
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> typical_p;
  std::optional<double> repetition_penalty;
  std::optional<int64_t> no_repeat_ngram;
  std::optional<int64_t> seed;
};

// What the config says, with each given option in the place of its value. Without do_sample:
// greedy, unless a temperature, or top_k, top_p, min_p or typical_p (then at temperature 1) is
// given. A missing seed is random, of 32 bits: every JSON reader keeps them exact, and they are
// typed with ease.
Sampling choose_sampling(const GenerationConfig& config, const SamplingOptions& options);

}  // namespace jet
