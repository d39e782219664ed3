// jet convert: between Hugging Face directories and GGUF files, to other float types, and random
// weights.
#include "models/convert.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "core/error.h"
#include "io/file.h"
#include "models/files/gguf_file.h"
#include "models/files/hf_directory.h"
#include "models/memory_report.h"
#include "models/random_init.h"

namespace jet::cli {
namespace {

namespace fs = std::filesystem;

struct ConvertOptions {
  std::vector<std::string> paths;
  std::string dtype;
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
}

bool is_gguf(const fs::path& path) { return path.extension() == ".gguf"; }

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

Checkpoint read_and_convert(const ConvertOptions& options) {
  Checkpoint checkpoint = open_checkpoint(options.paths.front());
  if (!options.dtype.empty()) {
    Progress progress("convert");
    convert_tensors(checkpoint, *parse_dtype(options.dtype), [&](int64_t done, int64_t all) {
      check_interrupt();
      progress.update(done, all);
    });
  }
  const std::string quantised = first_quantised(checkpoint);
  if (!quantised.empty() && !is_gguf(options.paths.back())) {
    fail(
        "{}: tensor {} is of type {}, which a Hugging Face directory cannot hold; add --dtype f32, "
        "f16 or bf16",
        options.paths.front(), quantised, name(checkpoint.tensors.at(quantised).type()));
  }
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
  if (fs::exists(out))
    fail("{}: exists already; name a path that does not, or remove it first", out.string());
  const Stopwatch watch;
  Checkpoint checkpoint = options.random_init ? make_random(options) : read_and_convert(options);
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
  options.positionals("IN OUT", values->paths,
                      "the model, and what to write: a .gguf file, or else a directory");
  options.choice("--dtype", values->dtype, {"f32", "f16", "bf16"},
                 "type of the weights written (default: as they are)");
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
needs --dtype. Nothing is overwritten, and OUT appears only when it is complete. --random-init gives the same weights
for the same seed, for benchmarks and to begin training from.)",
    .examples = R"(jet convert models/SmolLM2.gguf smollm2 --dtype bf16
jet convert jet-2b jet-2b.gguf
jet convert --random-init --config config.json --tokenizer qwen2.5 --seed 1 random-2b)",
    .set_up = set_up};

}  // namespace jet::cli
