// jet logits: the numbers themselves, for comparing implementations.
#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "core/error.h"
#include "io/safetensors.h"
#include "runtime/model/loaded_model.h"
#include "runtime/scoring/scorer.h"

namespace jet::cli {
namespace {

struct LogitsOptions {
  RunOptions run;
  std::optional<std::string> tokens;
  int64_t steps = 0;
  int64_t prefill_chunk = 512;
  std::string out;
};

// Rows [at, at + n) of `to` from `logits` [n, vocabulary].
void copy_rows(ConstTensorView logits, Tensor& to, int64_t at) {
  const TensorView target = to.mutable_view();
  std::memcpy(target.f32() + at * target.shape[1], logits.f32(),
              static_cast<size_t>(logits.bytes()));
}

int32_t likeliest(ConstTensorView logits) {
  const float* last = logits.f32() + (logits.shape[0] - 1) * logits.shape[1];
  return static_cast<int32_t>(std::max_element(last, last + logits.shape[1]) - last);
}

std::vector<NamedTensor> compute(const LogitsOptions& options, const Decoder& decoder,
                                 std::span<const int32_t> prompt) {
  const auto length = static_cast<int64_t>(prompt.size());
  const int64_t vocabulary = decoder.spec().vocabulary;
  Scorer scorer(decoder, {.threads = static_cast<int>(options.run.threads),
                          .context = length + options.steps,
                          .types = state_types(options.run, decoder)});
  Tensor prefill(DType::F32, {length, vocabulary});
  int32_t next = 0;
  for (int64_t at = 0; at < length; at += options.prefill_chunk) {
    check_interrupt();
    const int64_t rows = std::min(options.prefill_chunk, length - at);
    const auto piece = prompt.subspan(static_cast<size_t>(at), static_cast<size_t>(rows));
    const ConstTensorView logits = scorer.feed(piece, BatchPlan::Logits::All);
    copy_rows(logits, prefill, at);
    next = likeliest(logits);
  }
  if (options.steps == 0) return {{"prefill_logits", prefill}};

  Tensor greedy(DType::I32, {options.steps + 1});
  Tensor steps(DType::F32, {options.steps, vocabulary});
  const std::span chosen(reinterpret_cast<int32_t*>(greedy.mutable_view().data),
                         static_cast<size_t>(options.steps + 1));
  for (int64_t step = 0; step < options.steps; ++step) {
    check_interrupt();
    chosen[static_cast<size_t>(step)] = next;
    const ConstTensorView logits = scorer.feed(std::span(&next, 1), BatchPlan::Logits::Last);
    copy_rows(logits, steps, step);
    next = likeliest(logits);
  }
  chosen.back() = next;
  return {{"prefill_logits", prefill}, {"greedy_tokens", greedy}, {"step_logits", steps}};
}

std::vector<int32_t> read_tokens(const LogitsOptions& options) {
  if (!options.tokens) throw UsageError("--tokens is missing: ids such as \"1 2 3\"");
  try {
    return parse_ids(*options.tokens);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--tokens: {}", error.what()));
  }
}

int logits(const LogitsOptions& options) {
  check_run_options(options.run);
  const std::vector<int32_t> prompt = read_tokens(options);
  if (prompt.empty()) throw UsageError("--tokens: is empty; give at least one id");
  if (options.out.empty()) throw UsageError("--out is missing: the .safetensors file to write");
  const Model model = load_model(options.run);
  const std::vector<NamedTensor> tensors = compute(options, model.loaded().decoder, prompt);
  write_safetensors(options.out, tensors);
  Json shapes = Json::object();
  for (const NamedTensor& tensor : tensors) {
    const auto sizes = tensor.tensor.shape().sizes();
    shapes[tensor.name] = std::vector<int64_t>(sizes.begin(), sizes.end());
    if (options.run.verbose)
      write_note(fmt::format("{} {}", tensor.name, to_string(tensor.tensor.shape())));
  }
  if (options.run.json) write_json_line({{"out", options.out}, {"tensors", shapes}});
  return kDone;
}

std::function<int()> set_up(Options& options) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const auto values = std::make_shared<LogitsOptions>();
  options.text("--tokens", values->tokens, "IDS", "the prompt: ids between blanks or commas");
  options.integer("--steps", values->steps, {0, kMost},
                  "greedy tokens to decode after the prompt (default: 0)");
  options.integer("--prefill-chunk", values->prefill_chunk, {1, kMost},
                  "compute the prompt in pieces of N tokens (default: 512)");
  options.text("-o,--out", values->out, "F",
               "the .safetensors file to write; one that is there is replaced");
  add_run_options(options, values->run);
  return [values] { return logits(*values); };
}

}  // namespace

constinit const Verb kLogits{
    .name = "logits",
    .summary = "writes the logits of given tokens, and of greedy steps after them",
    .details = R"(prefill_logits  [T, vocabulary] float32: of each of the T tokens of the prompt
greedy_tokens   [K + 1] int32, with --steps K: the first follows from the prompt; end tokens do not end it
step_logits     [K, vocabulary] float32, with --steps K: after feeding greedy_tokens[0..K-1] one at a time)",
    .examples =
        R"(jet logits --model jet-2b --tokens "785 6722 315 9625 374" --out logits.safetensors
jet logits --model jet-2b --tokens "1,2,3" --steps 16 --prefill-chunk 2 --out steps.safetensors)",
    .set_up = set_up};

}  // namespace jet::cli
