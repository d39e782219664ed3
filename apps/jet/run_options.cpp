#include "apps/jet/run_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/jet/output.h"
#include "core/error.h"
#include "core/float8.h"
#include "runtime/model/loaded_model.h"

namespace jet::cli {
namespace {

constexpr int64_t kMostThreads = 1024;
constexpr int64_t kLongestContext = int64_t{1} << 30;
constexpr double kMemoryFraction = 0.9;

void expect_cpu_types(const RunOptions& run) {
  if (run.kv_dtype == "fp8")
    fail("--kv-dtype fp8: it is for CUDA; the CPU keeps keys and values in f32, bf16, f16 or q8_0");
  if (run.state_dtype == "bf16")
    fail("--state-dtype bf16: it is for CUDA; the CPU keeps recurrent states in f32");
}

}  // namespace

void add_model_option(Options& options, std::string& model) {
  options.text("-m,--model", model, "M", "a Hugging Face directory or a .gguf file");
}

void add_run_options(Options& options, RunOptions& run) {
  add_model_option(options, run.model);
  add_compute_options(options, run);
  options.flag("--json", run.json, "print JSON");
}

void add_compute_options(Options& options, RunOptions& run) {
  options.choice("--device", run.device, {"cpu", "cuda", "auto"},
                 "where to compute (default: auto)");
  options.integer("--threads", run.threads, {1, kMostThreads},
                  "threads (default: all this process may use)");
  options.choice(
      "--dtype", run.dtype, {"f32", "bf16", "f16", "auto"},
      "type of computing; auto is bf16 on CUDA, where weights in blocks stay so (bf16 widens them: "
      "faster for more than 8 sequences at once), on the CPU f32 with activations rounded to 8 "
      "bits "
      "where weights are in blocks (default: auto)");
  options.choice(
      "--kv-dtype", run.kv_dtype, {"f32", "bf16", "f16", "q8_0", "fp8", "auto"},
      "type in which attention keeps keys and values; q8_0 on the CPU, fp8 (e4m3) on CUDA "
      "alone (default: that of computing)");
  options.choice("--state-dtype", run.state_dtype, {"f32", "bf16"},
                 "type of recurrent states; bf16 on CUDA alone (default: f32)");
  options.number("--memory-fraction", run.memory_fraction, {0.01, 1},
                 "most of the device's free memory to take (default: 0.9)");
  options.flag("--deterministic", run.deterministic,
               "CUDA: the same tokens whatever runs beside a request");
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
  if (run.device == "cpu" && (run.dtype == "bf16" || run.dtype == "f16")) {
    fail(
        "--dtype {}: the CPU computes in f32; use --dtype f32 or auto (weights stay as they are "
        "stored)",
        run.dtype);
  }
  if (run.device == "cpu") expect_cpu_types(run);
}

StateTypes state_types(const RunOptions& run, const Decoder& decoder) {
  const DType kv = run.kv_dtype == "auto"  ? decoder.numbers()
                   : run.kv_dtype == "fp8" ? kFloat8
                                           : *parse_dtype(run.kv_dtype);
  if (decoder.device() == nullptr) expect_cpu_types(run);
  return {.attention = kv,
          .recurrence = run.state_dtype == "bf16" ? DType::BF16 : DType::F32,
          .convolution = decoder.numbers()};
}

ModelOptions model_options(const RunOptions& run) {
  return {.dtype = run.dtype == "f32"    ? ComputeType::F32
                   : run.dtype == "bf16" ? ComputeType::BF16
                   : run.dtype == "f16"  ? ComputeType::F16
                                         : ComputeType::Auto,
          .device = run.device == "cpu"    ? DeviceChoice::Cpu
                    : run.device == "cuda" ? DeviceChoice::Cuda
                                           : DeviceChoice::Auto,
          .memory_fraction = run.memory_fraction.value_or(kMemoryFraction),
          .deterministic = run.deterministic};
}

EngineOptions engine_options(const RunOptions& run) {
  return {.threads = static_cast<int>(run.threads),
          .context_length = run.context_length,
          .max_sequences = 1,
          .kv_type = run.kv_dtype == "f32"    ? StateType::F32
                     : run.kv_dtype == "bf16" ? StateType::BF16
                     : run.kv_dtype == "f16"  ? StateType::F16
                     : run.kv_dtype == "q8_0" ? StateType::Q8_0
                     : run.kv_dtype == "fp8"  ? StateType::FP8
                                              : StateType::Auto,
          .recurrent_type = run.state_dtype == "bf16" ? StateType::BF16 : StateType::F32};
}

Model load_model(const RunOptions& run) {
  check_run_options(run);
  const Stopwatch watch;
  Model model = Model::load(run.model, model_options(run));
  if (run.verbose) {
    write_note(fmt::format("loaded {}: {}, {} parameters, {} of weights, in {:.2f} s", run.model,
                           model.architecture(), with_commas(model.parameters()),
                           human_bytes(model.weight_bytes()), watch.seconds()));
    std::string reason;
    const std::string device = model.device(&reason);
    write_note(fmt::format("computes on {}{}{}", device, reason.empty() ? "" : "; ", reason));
  }
  if (const auto names = unapplied_fields(model.loaded().generation); !names.empty()) {
    write_note(fmt::format("warning: generation_config.json also asks for {}, which is not applied",
                           fmt::join(names, ", ")));
  }
  if (run.context_length > model.trained_context()) {
    write_note(fmt::format("warning: a context of {} tokens, the model was trained for {}",
                           run.context_length, model.trained_context()));
  }
  return model;
}

}  // namespace jet::cli
