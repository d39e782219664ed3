// How a text is continued: the options of generate and chat, and their reports.
#pragma once

#include <optional>

#include <jet/engine.h>

#include "apps/jet/options.h"
#include "io/json.h"
#include "models/generation_config.h"

namespace jet::cli {

struct GenerationOptions {
  int64_t max_tokens = 256;
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> typical_p;
  std::optional<double> repeat_penalty;
  int64_t no_repeat_ngram = 0;
  int64_t min_tokens = 0;
  std::optional<int64_t> seed;
};

void add_generation_options(Options& options, GenerationOptions& generation);

// What generation_config.json says, with each given option in the place of its value. Without
// do_sample: greedy, unless a temperature, or top-k, top-p or min-p or typical-p (then at
// temperature 1) is given. A missing seed is random.
Sampling choose_sampling(const GenerationConfig& config, const GenerationOptions& options);

struct Report {
  const Output& output;
  double load_seconds = 0;
  uint64_t seed = 0;
  bool has_scores = false;  // of beams
};
Json report_json(const Report& report);
std::string report_line(const Report& report);  // for -v

}  // namespace jet::cli
