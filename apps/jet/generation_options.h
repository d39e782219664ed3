// How a text is continued: the options of generate and chat, and their reports.
#pragma once

#include <optional>

#include <jet/engine.h>

#include "apps/jet/options.h"
#include "io/json.h"
#include "runtime/sampling/choose_sampling.h"

namespace jet::cli {

struct GenerationOptions {
  int64_t max_tokens = 256;
  SamplingOptions sampling;
  int64_t min_tokens = 0;
};

void add_generation_options(Options& options, GenerationOptions& generation);

// choose_sampling, and what only the command line has.
Sampling request_sampling(const GenerationConfig& config, const GenerationOptions& options);

struct Report {
  const Output& output;
  double load_seconds = 0;
  uint64_t seed = 0;
  bool has_scores = false;  // of beams
};
Json report_json(const Report& report);
std::string report_line(const Report& report);  // for -v

}  // namespace jet::cli
