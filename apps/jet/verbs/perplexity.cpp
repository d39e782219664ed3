// jet perplexity: how well a model predicts a text.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "apps/jet/input.h"
#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "runtime/model/loaded_model.h"
#include "runtime/scoring/scorer.h"

namespace jet::cli {
namespace {

struct PerplexityOptions {
  RunOptions run;
  std::string text;
  int64_t window = 1024;
  int64_t windows = 0;
  int64_t characters = 0;
};

int perplexity(const PerplexityOptions& options) {
  check_run_options(options.run);
  if (options.text.empty())
    throw UsageError("--text is missing: a text file, plain or gzipped, or - for standard input");
  std::string text = read_text(options.text);
  if (options.characters > 0) text = first_characters(text, options.characters, options.text);
  RunOptions run = options.run;
  run.context_length = options.window;  // for the warning
  const Model model = load_model(run);
  const std::vector<int32_t> ids = model.encode_prompt(text);
  const auto tokens = std::max<int64_t>(1, static_cast<int64_t>(ids.size()));
  Scorer scorer(model.loaded().decoder,
                {.threads = static_cast<int>(options.run.threads),
                 .context = std::min(options.window, tokens),
                 .types = state_types(options.run, model.loaded().decoder)});
  Progress progress("perplexity");
  const Stopwatch watch;
  const Perplexity result =
      jet::perplexity(scorer, ids, options.window, options.windows, [&](int64_t done, int64_t all) {
        progress.update(done, all);
        return !interrupted();
      });
  const auto windows = result.window_losses.size();
  if (windows == 0) check_interrupt();
  if (options.run.verbose) {
    write_note(
        fmt::format("{:.1f} tokens/s", static_cast<double>(result.tokens) / watch.seconds()));
  }
  if (options.run.json) {
    write_json_line(
        {{"perplexity", result.perplexity}, {"tokens", result.tokens}, {"windows", windows}});
  } else {
    write_out(fmt::format("perplexity {:.4f} over {} tokens in {} of at most {}\n",
                          result.perplexity, result.tokens,
                          counted(std::ssize(result.window_losses), "window"), options.window));
  }
  return interrupted() ? interrupt_code() : kDone;
}

std::function<int()> set_up(Options& options) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const auto values = std::make_shared<PerplexityOptions>();
  options.text("--text", values->text, "F", "a text file, plain or gzipped; - for standard input");
  options.integer("--window", values->window, {2, kMost}, "tokens of a window (default: 1024)");
  options.integer("--windows", values->windows, {1, kMost},
                  "at most N windows (default: as many as there are)");
  options.integer("--characters", values->characters, {1, int64_t{1} << 40},
                  "only the first N characters of the text");
  add_run_options(options, values->run);
  return [values] { return perplexity(*values); };
}

}  // namespace

constinit const Verb kPerplexity{
    .name = "perplexity",
    .summary = "measures how well a model predicts a text",
    .details =
        R"(The text is cut into windows of --window tokens from its start, each computed on its own; every token but a window's
first is scored. A rest that fills no window is left out; a text shorter than one is scored whole. Perplexity is exp of the mean negative log-probability.
`tokens` in --json counts those that were scored. Ctrl-C ends with the windows that are done.)",
    .examples =
        R"(jet perplexity --model models-cache/SmolLM2-135M-Instruct.Q4_1.gguf --text wikitext2.txt.gz --windows 8
jet perplexity --model jet-2b --text - --window 4096 --json < book.txt)",
    .set_up = set_up};

}  // namespace jet::cli
