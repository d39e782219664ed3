// jet convert: between Hugging Face directories and GGUF files, to other float types and to block
// formats, and random weights.
#include "models/convert.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <strings.h>

#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "core/error.h"
#include "io/file.h"
#include "models/files/gguf_file.h"
#include "models/files/hf_directory.h"
#include "models/memory_report.h"
#include "models/quantise.h"
#include "models/random_init.h"

namespace jet::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostThreads = 1024;

struct ConvertOptions {
  std::vector<std::string> paths;
  std::string dtype;
  std::string quantize;
  int64_t threads = 0;  // 0: all
  bool random_init = false;
  std::string config;
  int64_t seed = 0;
  std::string tokenizer;
  int64_t shard_bytes = 5'000'000'000;
  bool json = false;
  bool verbose = false;
};

void check(const ConvertOptions& options) {
  const size_t wanted = options.random_init ? 1 : 2;
  const char* form = options.random_init ? "OUT" : "IN OUT";
  if (options.paths.size() < wanted)
    throw UsageError(fmt::format("expected {}, got {} of them", form, options.paths.size()));
  if (options.paths.size() > wanted) {
    throw UsageError(
        fmt::format("\"{}\" is one argument too many; expected {}", options.paths[wanted], form));
  }
  if (options.random_init && options.config.empty())
    throw UsageError("--random-init needs --config: a config.json");
  if (!options.random_init && !options.config.empty())
    throw UsageError("--config is for --random-init");
  if (!options.quantize.empty() && !options.dtype.empty())
    throw UsageError(
        "--quantize and --dtype exclude one another: what is not quantised stays as it is");
}

Checkpoint make_random(const ConvertOptions& options) {
  fs::path file = options.config;
  if (fs::is_directory(file)) file /= "config.json";
  Json config = parse_json(read_text_file(file), file.string());
  if (!options.dtype.empty() && config.is_object())
    set_stored_type(config, *parse_dtype(options.dtype));
  Progress progress("draw");
  return random_checkpoint(config, file.string(), static_cast<uint64_t>(options.seed),
                           [&](int64_t done, int64_t all) {
                             check_interrupt();
                             progress.update(done, all);
                           });
}

void quantise(Checkpoint& checkpoint, const ConvertOptions& options, ThreadPool& threads) {
  const std::string quantised = first_quantised(checkpoint);
  if (!quantised.empty()) {
    write_note(fmt::format(
        "note: {} holds quantised weights already ({} in {}): this adds an error to theirs",
        options.paths.front(), quantised, name(checkpoint.tensors.at(quantised).type())));
  }
  const QuantisationPlan plan = quantisation_plan(checkpoint.spec, *parse_dtype(options.quantize));
  for (const Fallback& fallback : plan.fallbacks) {
    write_note(fmt::format("{}: rows of {} numbers are not whole blocks of {}: written as {}",
                           fallback.tensor, fallback.width, name(fallback.asked),
                           name(fallback.type)));
  }
  Progress progress("quantise");
  convert_tensors(checkpoint, plan.tensors, threads, [&](int64_t done, int64_t all) {
    check_interrupt();
    progress.update(done, all);
  });
}

void convert_floats(Checkpoint& checkpoint, DType type, ThreadPool& threads) {
  Progress progress("convert");
  convert_tensors(checkpoint, type, threads, [&](int64_t done, int64_t all) {
    check_interrupt();
    progress.update(done, all);
  });
}

void expect_storable(const Checkpoint& checkpoint, const ConvertOptions& options) {
  const std::string quantised = first_quantised(checkpoint);
  if (!quantised.empty() && !is_gguf(options.paths.back())) {
    fail(
        "{}: tensor {} is of type {}, which a Hugging Face directory cannot hold; add --dtype f32, "
        "f16 or bf16",
        options.paths.front(), quantised, name(checkpoint.tensors.at(quantised).type()));
  }
}

Checkpoint make(const ConvertOptions& options) {
  if (options.random_init && options.quantize.empty()) return make_random(options);
  ThreadPool threads(options.threads > 0 ? static_cast<int>(options.threads) : available_threads());
  Checkpoint checkpoint =
      options.random_init ? make_random(options) : open_checkpoint(options.paths.front());
  if (!options.quantize.empty()) quantise(checkpoint, options, threads);
  if (!options.dtype.empty()) convert_floats(checkpoint, *parse_dtype(options.dtype), threads);
  expect_storable(checkpoint, options);
  return checkpoint;
}

void save(const Checkpoint& checkpoint, const fs::path& out, int64_t shard_bytes) {
  constexpr int64_t kMegabyte = 1'000'000;
  const int64_t all = stored_bytes(checkpoint) / kMegabyte;
  int64_t written = 0;
  Progress progress("write, MB");
  const OnWritten on_written = [&](int64_t bytes) {
    check_interrupt();
    written += bytes;
    progress.update(std::min(written / kMegabyte, all), all);
  };
  if (is_gguf(out)) {
    save_gguf_file(checkpoint, out, on_written);
  } else {
    save_hf_directory(checkpoint, out, {.shard_bytes = shard_bytes, .on_written = on_written});
  }
}

int convert(const ConvertOptions& options) {
  check(options);
  const fs::path out = options.paths.back();
  if (::strcasecmp(out.extension().c_str(), ".safetensors") == 0) {
    fail(
        "{}: a model is written as a directory, with its weights in safetensors, or a .gguf file; "
        "name one, such as {}",
        out.string(), fs::path(out).replace_extension().string());
  }
  if (!options.quantize.empty() && !is_gguf(out)) {
    fail("{}: a Hugging Face directory cannot hold {} blocks; name a .gguf file", out.string(),
         options.quantize);
  }
  if (fs::exists(out))
    fail("{}: exists already; name a path that does not, or remove it first", out.string());
  check_parent(out);
  const Stopwatch watch;
  Checkpoint checkpoint = make(options);
  if (!options.tokenizer.empty())
    set_text_files(checkpoint, open_text_files(options.tokenizer), options.tokenizer);
  save(checkpoint, out, options.shard_bytes);
  const auto tensors = decoder_tensors(checkpoint.spec).size();
  if (options.json) {
    write_json_line({{"out", out.string()},
                     {"format", is_gguf(out) ? "gguf" : "huggingface"},
                     {"tensors", tensors}});
  }
  if (options.verbose)
    write_note(
        fmt::format("wrote {}: {} tensors in {:.1f} s", out.string(), tensors, watch.seconds()));
  return kDone;
}

std::function<int()> set_up(Options& options) {
  const auto values = std::make_shared<ConvertOptions>();
  options.positionals("PATH", values->paths,
                      "IN OUT: the model, and what to write, a .gguf file or else a directory");
  options.choice("--dtype", values->dtype, {"f32", "f16", "bf16"},
                 "type of the weights written (default: as they are)");
  options.choice("--quantize", values->quantize,
                 {"q8_0", "q6_k", "q5_k", "q5_1", "q5_0", "q4_k", "q4_1", "q4_0"},
                 "write matrices as blocks of this format");
  options.integer("--threads", values->threads, {1, kMostThreads},
                  "threads (default: all this process may use)");
  options.flag("--random-init", values->random_init, "random weights for --config instead of IN");
  options.text("--config", values->config, "C", "a config.json, or a directory that holds one");
  options.integer("--seed", values->seed, {}, "of the random weights (default: 0)");
  options.text("--tokenizer", values->tokenizer, "M", "write the tokenizer of this model instead");
  options.bytes("--shard-size", values->shard_bytes,
                "cut a directory's weights into files of this size (default: 5GB)");
  options.flag("--json", values->json, "print JSON");
  options.flag("-v,--verbose", values->verbose, "say more on standard error");
  return [values] { return convert(*values); };
}

}  // namespace

constinit const Verb kConvert{
    .name = "convert",
    .summary = "converts between Hugging Face directories and GGUF, or makes random weights",
    .details =
        R"(Weights stay bit for bit what they are unless --dtype is given. With it, block formats such as q4_1 are
dequantised, and decay rates and time steps of linear attention stay in f32. A directory cannot hold block formats: it
needs --dtype. --quantize makes blocks of the matrices: not of vectors, nor of the small gates of linear attention (they
stay as they are). The head, and an embedding that is one, becomes q6_k where the format has fewer bits. Rows that a
format does not divide take the next that does: q4_k q5_0, q5_k q5_1, q6_k q8_0, and any of them f16. Nothing is overwritten, and OUT appears only when it is complete. --random-init gives the same weights
for the same seed, for benchmarks and to begin training from.)",
    .examples = R"(jet convert models-cache/SmolLM2-135M-Instruct.Q4_1.gguf smollm2 --dtype bf16
jet convert jet-2b jet-2b.gguf
jet convert jet-2b jet-2b-q4_k.gguf --quantize q4_k
jet convert --random-init --config config.json --tokenizer qwen2.5 --seed 1 random-2b)",
    .set_up = set_up};

}  // namespace jet::cli
