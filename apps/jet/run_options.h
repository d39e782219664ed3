// Options of every verb that runs a model, and what follows from them.
#pragma once

#include <string>

#include <jet/engine.h>

#include "apps/jet/options.h"
#include "models/checkpoint.h"
#include "models/decoder.h"

namespace jet::cli {

struct RunOptions {
  std::string model;
  std::string device = "auto";
  std::string dtype = "auto";
  std::string kv_dtype = "auto";
  std::string state_dtype = "f32";
  std::optional<double> memory_fraction;
  bool deterministic = false;
  int64_t threads = 0;         // 0: all
  int64_t context_length = 0;  // 0: the trained one
  bool json = false;
  bool verbose = false;
};

void add_model_option(Options& options, std::string& model);
void add_run_options(Options& options, RunOptions& run);
// Of them, how to compute: all but the model and the form of the output.
void add_compute_options(Options& options, RunOptions& run);
// For verbs that can be told how long a sequence may become.
void add_context_option(Options& options, RunOptions& run);

// Throws UsageError without a model, Error on what this build cannot do.
void check_model_option(const std::string& model);
void check_run_options(const RunOptions& run);

StateTypes state_types(const RunOptions& run, const Decoder& decoder);
ModelOptions model_options(const RunOptions& run);
EngineOptions engine_options(const RunOptions& run);

// Loads the model; says how long that took with -v, and warns of a context beyond the trained one.
Model load_model(const RunOptions& run);

}  // namespace jet::cli
