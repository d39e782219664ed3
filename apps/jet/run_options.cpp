#include "apps/jet/run_options.h"

#include <fmt/format.h>

#include "apps/jet/output.h"
#include "core/error.h"

namespace jet::cli {
namespace {

constexpr int64_t kMostThreads = 1024;
constexpr int64_t kLongestContext = int64_t{1} << 30;

}  // namespace

void add_model_option(Options& options, std::string& model) {
  options.text("-m,--model", model, "M", "a Hugging Face directory or a .gguf file");
}

void add_run_options(Options& options, RunOptions& run) {
  add_model_option(options, run.model);
  options.choice("--device", run.device, {"cpu", "cuda", "auto"},
                 "where to compute (default: auto)");
  options.integer("--threads", run.threads, {1, kMostThreads},
                  "threads (default: all this process may use)");
  options.choice("--dtype", run.dtype, {"f32", "bf16", "f16", "auto"},
                 "type of computing; on the CPU auto is f32 (default: auto)");
  options.choice("--kv-dtype", run.kv_dtype, {"f32", "bf16", "f16"},
                 "type in which attention keeps keys and values (default: f32)");
  options.choice("--state-dtype", run.state_dtype, {"f32", "bf16"},
                 "type of recurrent states; the CPU keeps f32 (default: f32)");
  options.flag("--json", run.json, "print JSON");
  options.flag("-v,--verbose", run.verbose, "say more on standard error");
}

void add_context_option(Options& options, RunOptions& run) {
  options.integer(
      "--context-length", run.context_length, {1, kLongestContext},
      "most tokens of a sequence, the prompt's included (default: what the model was trained for)");
}

void check_model_option(const std::string& model) {
  if (model.empty())
    throw UsageError("--model is missing: a Hugging Face directory or a .gguf file");
}

void check_run_options(const RunOptions& run) {
  check_model_option(run.model);
  if (run.device == "cuda") fail("this build has no CUDA back end; use --device cpu");
  if (run.dtype == "bf16" || run.dtype == "f16") {
    fail(
        "--dtype {}: the CPU computes in f32; use --dtype f32 or auto (weights stay as they are "
        "stored)",
        run.dtype);
  }
  if (run.state_dtype != "f32") {
    fail("--state-dtype {}: the CPU keeps recurrent states in f32; use --state-dtype f32",
         run.state_dtype);
  }
}

DType kv_type(const RunOptions& run) { return *parse_dtype(run.kv_dtype); }

StateTypes state_types(const RunOptions& run) { return {.attention = kv_type(run)}; }

ModelOptions model_options(const RunOptions& run) {
  if (run.dtype == "f32") return {.dtype = ComputeType::F32};
  if (run.dtype == "bf16") return {.dtype = ComputeType::BF16};
  if (run.dtype == "f16") return {.dtype = ComputeType::F16};
  return {.dtype = ComputeType::Auto};
}

EngineOptions engine_options(const RunOptions& run) {
  const DType kv = kv_type(run);
  return {.threads = static_cast<int>(run.threads),
          .context_length = run.context_length,
          .max_sequences = 1,
          .kv_type = kv == DType::F32    ? StateType::F32
                     : kv == DType::BF16 ? StateType::BF16
                                         : StateType::F16};
}

Model load_model(const RunOptions& run) {
  check_run_options(run);
  const Stopwatch watch;
  Model model = Model::load(run.model, model_options(run));
  if (run.verbose) {
    write_note(fmt::format("loaded {}: {}, {} parameters, {} of weights, in {:.2f} s", run.model,
                           model.architecture(), with_commas(model.parameters()),
                           human_bytes(model.weight_bytes()), watch.seconds()));
  }
  if (run.context_length > model.trained_context()) {
    write_note(fmt::format("warning: a context of {} tokens, the model was trained for {}",
                           run.context_length, model.trained_context()));
  }
  return model;
}

}  // namespace jet::cli
