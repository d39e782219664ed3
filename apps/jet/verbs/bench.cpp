// jet bench: how fast a model runs here, and how close to what memory allows.
#include <memory>

#include <fmt/format.h>

#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "apps/jet/verbs/bandwidth.h"
#include "apps/jet/verbs/bench_case.h"
#include "core/error.h"
#include "models/memory_report.h"
#include "runtime/model/loaded_model.h"
#include "runtime/model/prefill_peak.h"

namespace jet::cli {
namespace {

constexpr double kMemoryShare = 0.9;
constexpr int64_t kDeviceReserve = int64_t{256} << 20;  // of a device, for products and page tables

struct BenchOptions {
  RunOptions run;
  std::vector<int64_t> prompt_lengths;
  std::vector<int64_t> batches;
  std::vector<int64_t> contexts;
  int64_t decode = 32;
  bool synthetic_state = false;
  bool largest_batch = false;
};

// What is the same for all cases.
struct Machine {
  int64_t weight_bytes = 0;  // stored
  int64_t read_bytes = 0;    // of them in a step
  double bandwidth = 0;      // bytes a second
  double products = 0;       // multiply-adds a second; 0: not measured
  StateTypes types;
};

struct Figures {
  double prefill_rate = 0;
  double decode_rate = 0;
  int64_t memory_bytes = 0;
  int64_t bytes_per_step = 0;
  double bandwidth_share = 0;
  double product_share = 0;  // of a prefill; 0: not known
};

// Multiply-adds of a prompt with the weights of layers, and of its last token with the head.
double prompt_products(const DecoderSpec& spec, int64_t tokens) {
  double layers = 0;
  for (const LayerSpec& layer : spec.layers)
    layers += static_cast<double>(parameter_count(layer, spec));
  return layers * static_cast<double>(tokens) +
         static_cast<double>(spec.vocabulary) * static_cast<double>(spec.shape.hidden);
}

std::vector<BenchCase> cases_of(const BenchOptions& options) {
  std::vector<int64_t> prompts = options.prompt_lengths;
  if (prompts.empty() && options.contexts.empty()) prompts = {512};
  const std::vector<int64_t> batches =
      options.batches.empty() ? std::vector<int64_t>{1} : options.batches;
  std::vector<BenchCase> cases;
  for (const int64_t batch : batches) {
    for (const int64_t length : prompts) {
      cases.push_back({.prompt_length = length, .batch = batch, .decode = options.decode});
    }
    for (const int64_t context : options.contexts) {
      cases.push_back({.context = context,
                       .batch = batch,
                       .decode = options.decode,
                       .synthetic_state = options.synthetic_state});
    }
  }
  return cases;
}

Figures figures_of(const BenchCase& bench, const BenchResult& result, const DecoderSpec& spec,
                   const Machine& machine) {
  Figures figures;
  if (result.prefill_seconds > 0) {
    figures.prefill_rate =
        static_cast<double>(bench.batch * bench.depth()) / result.prefill_seconds;
    if (machine.products > 0) {
      figures.product_share = static_cast<double>(bench.batch) *
                              prompt_products(spec, bench.depth()) / result.prefill_seconds /
                              machine.products;
    }
  }
  figures.memory_bytes = machine.weight_bytes + result.state_bytes;
  // The depth in the middle of the decoding steps.
  const int64_t depth = bench.depth() + bench.decode / 2;
  figures.bytes_per_step = step_bytes(spec, machine.types, machine.read_bytes, bench.batch, depth);
  const double seconds = result.decode_seconds();
  if (seconds > 0) {
    const auto steps = static_cast<double>(result.step_seconds.size());
    figures.decode_rate = static_cast<double>(bench.batch) * steps / seconds;
    figures.bandwidth_share =
        static_cast<double>(figures.bytes_per_step) * steps / seconds / machine.bandwidth;
  }
  return figures;
}

constexpr double kMilliseconds = 1000;

Json case_json(const BenchCase& bench, const BenchResult& result, const Figures& figures) {
  Json json{{"prompt_length", bench.prompt_length},
            {"batch", bench.batch},
            {"decode", bench.decode},
            {"context", bench.depth()},
            {"prefill_tokens_per_second", nullptr},
            {"prefill_product_share", nullptr},
            {"decode_tokens_per_second", nullptr},
            {"step_ms", nullptr},
            {"memory_bytes", figures.memory_bytes},
            {"bytes_per_step", figures.bytes_per_step},
            {"bandwidth_share", nullptr}};
  if (figures.prefill_rate > 0) json["prefill_tokens_per_second"] = figures.prefill_rate;
  if (figures.product_share > 0) json["prefill_product_share"] = figures.product_share;
  if (figures.decode_rate > 0) {
    json["decode_tokens_per_second"] = figures.decode_rate;
    json["step_ms"] = {{"p50", result.percentile(0.5) * kMilliseconds},
                       {"p95", result.percentile(0.95) * kMilliseconds},
                       {"p99", result.percentile(0.99) * kMilliseconds}};
    json["bandwidth_share"] = figures.bandwidth_share;
  }
  return json;
}

std::string heading() {
  return fmt::format(
      "{:>8} {:>6} {:>8} | {:>12} {:>8} {:>11} | {:>9} {:>9} {:>9} | {:>9} {:>10} {:>9}\n",
      "prompt", "batch", "context", "prefill t/s", "products", "decode t/s", "p50 ms", "p95 ms",
      "p99 ms", "memory", "bytes/step", "bandwidth");
}

std::string percent(double share) { return share > 0 ? fmt::format("{:.1f}%", 100 * share) : "-"; }

std::string rate(double value) { return value > 0 ? fmt::format("{:.1f}", value) : "-"; }

std::string case_line(const BenchCase& bench, const BenchResult& result, const Figures& figures) {
  const auto ms = [&](double share) {
    return fmt::format("{:.2f}", result.percentile(share) * kMilliseconds);
  };
  return fmt::format(
      "{:>8} {:>6} {:>8} | {:>12} {:>8} {:>11} | {:>9} {:>9} {:>9} | {:>9} {:>10} {:>8.1f}%\n",
      bench.prompt_length, bench.batch, bench.depth(), rate(figures.prefill_rate),
      percent(figures.product_share), rate(figures.decode_rate), ms(0.5), ms(0.95), ms(0.99),
      human_bytes(figures.memory_bytes), human_bytes(figures.bytes_per_step),
      100 * figures.bandwidth_share);
}

// Where the head is a tensor of its own, a step reads single rows of the embedding.
int64_t bytes_read(const Checkpoint& checkpoint) {
  const int64_t all = stored_bytes(checkpoint);
  return checkpoint.spec.tied_head
             ? all
             : all - checkpoint.tensors.at("model.embed_tokens.weight").view().bytes();
}

// The largest batch where it is asked for. Throws Error where a case does not fit the CPU's memory;
// a device refuses such a case itself.
void fit_memory(std::vector<BenchCase>& cases, const BenchOptions& options,
                const LoadedModel& model, const Machine& machine) {
  const double share = options.run.memory_fraction.value_or(kMemoryShare);
  const int64_t bytes =
      model.device ? model.device->memory_limit() - model.device->memory_in_use() - kDeviceReserve
                   : static_cast<int64_t>(share * static_cast<double>(available_memory()));
  const int64_t weights = model.device ? 0 : machine.weight_bytes;  // a device has counted them
  for (BenchCase& each : cases) {
    if (options.largest_batch)
      each.batch = largest_batch(each, model.decoder, machine.types, bytes - weights);
    if (!model.device) check_memory(each, model.decoder, machine.types, bytes);
  }
}

int bench(const BenchOptions& options) {
  check_run_options(options.run);
  if (options.synthetic_state && options.contexts.empty()) {
    throw UsageError("--synthetic-state needs --context: the depth to decode at");
  }
  if (options.largest_batch && !options.batches.empty())
    throw UsageError("--largest-batch finds the batch itself; leave --batch out");
  const Checkpoint checkpoint = open_checkpoint(options.run.model);
  const LoadedModel model(checkpoint, model_options(options.run));
  const int threads =
      options.run.threads == 0 ? available_threads() : static_cast<int>(options.run.threads);
  // On a device weights lie in the type of computing or as tiles, not as they are stored; an
  // embedding of which a step reads single rows is left out by its share of the parameters.
  const bool is_on_device = model.device != nullptr;
  const int64_t weight_bytes =
      is_on_device ? model.device->memory_in_use() : stored_bytes(checkpoint);
  const int64_t unread =
      checkpoint.spec.tied_head ? 0 : checkpoint.spec.vocabulary * checkpoint.spec.shape.hidden;
  const double read =
      1 - static_cast<double>(unread) / static_cast<double>(parameter_count(checkpoint.spec));
  Machine machine{.weight_bytes = weight_bytes,
                  .read_bytes = is_on_device
                                    ? static_cast<int64_t>(static_cast<double>(weight_bytes) * read)
                                    : bytes_read(checkpoint),
                  .types = state_types(options.run, model.decoder)};
  std::vector<BenchCase> cases = cases_of(options);
  fit_memory(cases, options, model, machine);
  machine.bandwidth =
      model.device ? model.device->measure_copy_bandwidth() : measure_read_bandwidth(threads);
  write_note(model.device
                 ? fmt::format("{} copies {:.1f} GB/s, read and written", model.device->name(),
                               machine.bandwidth / 1e9)
                 : fmt::format("{} threads read {:.1f} GB/s", threads, machine.bandwidth / 1e9));
  if (!model.device) {
    const PrefillPeak peak = measure_prefill_peak(checkpoint, options.run.dtype == "f32", threads);
    machine.products = peak.products;
    if (peak.products > 0)
      write_note(fmt::format("and multiply {:.0f} G/s in {}", peak.products / 1e9,
                             peak.is_int8 ? "int8" : "float32"));
  }
  BenchRunner runner(model.decoder, threads, machine.types);
  if (!options.run.json) write_out(heading());
  for (const BenchCase& each : cases) {
    const BenchResult result = runner.run(each);
    const Figures figures = figures_of(each, result, checkpoint.spec, machine);
    if (options.run.json) {
      write_json_line(case_json(each, result, figures));
    } else {
      write_out(case_line(each, result, figures));
    }
  }
  return kDone;
}

std::function<int()> set_up(Options& options) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const auto values = std::make_shared<BenchOptions>();
  options.integers("--prompt-length", values->prompt_lengths, {1, kMost},
                   "prompts to prefill, then decode (default: 512)");
  options.integers("--batch", values->batches, {1, 1 << 20}, "sequences at once (default: 1)");
  options.integer("--decode", values->decode, {0, kMost}, "decoding steps to time (default: 32)");
  options.integers("--context", values->contexts, {0, kMost}, "depths to decode at");
  options.flag("--synthetic-state", values->synthetic_state,
               "begin at --context with random states, without a prefill");
  options.flag("--largest-batch", values->largest_batch,
               "as many sequences at once as memory can hold the states of");
  add_run_options(options, values->run);
  return [values] { return bench(*values); };
}

}  // namespace

constinit const Verb kBench{
    .name = "bench",
    .summary = "measures prefill and decoding, and how close they are to what memory allows",
    .details = R"(One line a case: every batch with every prompt length, and with every context.
prefill t/s  tokens of all prompts by the time of all prefills, in pieces of 512 tokens (on a device 16384), one sequence at a time
products     multiply-adds with the weights by that time, as a share of what the processor can do: that of the same threads
             multiplying in registers (in int8 for block types, else in float32), the best of 5, printed at the start
decode t/s   sequences times steps by the time of the steps, choosing the token left out; one untimed step before
p50 p95 p99  times of a step, nearest rank
memory       weights as stored, and the states in use at the end
bytes/step   what a step must move at least: weights once (of an untied embedding nothing), recurrent and convolution states twice,
             keys, values and windows as far as they are filled, halfway through the steps
bandwidth    bytes/step by the mean time of a step, as a share of the machine's read bandwidth: that of the same
             threads summing 256 MB, the best of 5, printed at the start. Caches can lift a small model above 100 %.
On the CPU a case that needs more than --memory-fraction of the free memory is refused before the first one runs.
--largest-batch divides --memory-fraction of the free memory, less the weights, by what a sequence keeps at the end of
the case: its fixed states and windows, its pages of 64 tokens, its row of logits.
--json prints one object a line with the same figures.)",
    .examples =
        R"(jet bench --model models-cache/SmolLM2-135M-Instruct.Q4_1.gguf --prompt-length 128,1024 --decode 64
jet bench --model random-2b --context 4096 65536 262144 --synthetic-state --json
jet bench --model random-2b --prompt-length 64 --batch 1 2 4 8
jet bench --model random-2b --context 4096 --synthetic-state --largest-batch)",
    .set_up = set_up};

}  // namespace jet::cli
