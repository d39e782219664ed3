// jet generate: continues a text.
#include <memory>

#include "apps/jet/generation_options.h"
#include "apps/jet/input.h"
#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "runtime/model/loaded_model.h"

namespace jet::cli {
namespace {

struct GenerateOptions {
  RunOptions run;
  GenerationOptions generation;
  std::optional<std::string> prompt;
  std::vector<std::string> stop;
};

std::string prompt_text(const GenerateOptions& options) {
  const bool from_stdin = options.prompt ? *options.prompt == "-" : !stdin_is_terminal();
  if (from_stdin) return read_stdin();
  if (!options.prompt) throw UsageError("--prompt is missing: a text, or - for standard input");
  return *options.prompt;
}

// Steps until the request is done; after Ctrl-C what there is remains.
Output run_request(Engine& engine, Request request, OnToken on_token) {
  const RequestId id = engine.submit(std::move(request), std::move(on_token));
  while (!engine.finished(id)) {
    if (interrupted()) engine.cancel(id);
    engine.step();
  }
  return engine.take(id);
}

int generate(const GenerateOptions& options) {
  check_run_options(options.run);
  const std::string prompt = prompt_text(options);
  const Stopwatch watch;
  const Model model = load_model(options.run);
  Engine engine(model, engine_options(options.run));
  const double load_seconds = watch.seconds();
  check_interrupt();
  if (options.run.verbose && model.has_chat_template()) {
    write_note("the model has a chat template, the text is continued without it; see jet chat");
  }

  Request request;
  request.prompt = model.encode(prompt);
  request.max_tokens = options.generation.max_tokens;
  request.sampling = choose_sampling(model.loaded().generation, options.generation);
  request.stop = options.stop;
  const uint64_t seed = request.sampling.seed;
  const OnToken stream = [](int32_t, const std::string& text) { write_out(text); };
  const Output output =
      run_request(engine, std::move(request), options.run.json ? OnToken{} : stream);

  const Report report{output, load_seconds, seed};
  if (options.run.json) {
    write_json_line(report_json(report));
  } else {
    write_out("\n");
  }
  if (options.run.verbose) write_note(report_line(report));
  if (output.finish == FinishReason::Failed) throw Error(output.error);
  return output.finish == FinishReason::Cancelled ? interrupt_code() : kDone;
}

std::function<int()> set_up(Options& options) {
  const auto values = std::make_shared<GenerateOptions>();
  options.text("-p,--prompt", values->prompt, "T",
               "the text to continue, - for standard input (default: standard input)");
  add_generation_options(options, values->generation);
  options.texts("--stop", values->stop, "T", "end before this text; may be repeated");
  add_run_options(options, values->run);
  add_context_option(options, values->run);
  return [values] { return generate(*values); };
}

}  // namespace

constinit const Verb kGenerate{
    .name = "generate",
    .summary = "continues a text, and prints the continuation as it is made",
    .details =
        R"(The prompt is taken as it is, without a chat template, and a line end at its end belongs to it. Special tokens that
are written in it are recognised. Without sampling options the model's generation_config.json decides, and without
one the likeliest token is taken (greedy); each option given replaces one of its values.
--json prints one object: text, ids, prompt_tokens, cached_tokens, completion_tokens, finish_reason (stop, length,
cancelled), timings, seed. Ctrl-C ends with what there is.)",
    .examples = R"(jet generate --model models/SmolLM2.gguf --prompt "The capital of France is"
jet generate --model jet-2b --temperature 0.8 --top-p 0.95 --seed 7 --prompt - < story.txt
jet generate --model jet-2b --max-tokens 64 --stop "Q:" --json --prompt "Q: 1+1?")",
    .set_up = set_up};

}  // namespace jet::cli
