// jet generate: continues a text.
#include <algorithm>
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
  int64_t beams = 1;
  int64_t answers = 1;
  std::optional<double> length_penalty;
  std::string early_stopping;
  int64_t log_probabilities = -1;
};

BeamOptions beam_options(const GenerateOptions& options) {
  const bool has_details = options.length_penalty || !options.early_stopping.empty();
  if (options.beams == 1 && has_details)
    throw UsageError("--length-penalty and --early-stopping need --beams");
  return {.beams = options.beams,
          .length_penalty = options.length_penalty.value_or(1),
          .early_stopping = options.early_stopping == "true"    ? EarlyStopping::Yes
                            : options.early_stopping == "never" ? EarlyStopping::Never
                                                                : EarlyStopping::No};
}

void check_stop(const std::vector<std::string>& texts) {
  if (std::ranges::find(texts, "") != texts.end())
    throw UsageError("--stop: an empty text is no text to end before; leave --stop out");
}

void check_answers(const GenerateOptions& options) {
  if (options.beams > 1 && options.answers > options.beams)
    throw UsageError("--num-return-sequences is more than there are --beams");
  if (options.beams > 1 && options.log_probabilities >= 0)
    throw UsageError("--logprobs and --beams do not go together");
  if (options.log_probabilities >= 0 && !options.run.json)
    throw UsageError("--logprobs is printed with --json alone");
}

// One answer is streamed; several are printed one after another, with a line between.
void print_answers(const Output& output) {
  write_out(output.text + "\n");
  for (const Answer& answer : output.others) write_out("---\n" + answer.text + "\n");
}

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
  check_answers(options);
  check_stop(options.stop);
  const BeamOptions beams = beam_options(options);
  const std::string prompt = prompt_text(options);
  const Stopwatch watch;
  const Model model = load_model(options.run);
  EngineOptions engine_with = engine_options(options.run);
  engine_with.max_sequences = std::max(options.beams, options.answers);
  engine_with.snapshot_bytes = 0;  // there is one request
  Engine engine(model, engine_with);
  const double load_seconds = watch.seconds();
  check_interrupt();
  if (options.run.verbose && model.has_chat_template()) {
    write_note("the model has a chat template, the text is continued without it; see jet chat");
  }

  Request request;
  request.prompt = model.encode_prompt(prompt);
  request.max_tokens = options.generation.max_tokens;
  request.sampling = request_sampling(model.loaded().generation, options.generation);
  request.stop = options.stop;
  request.answers = options.answers;
  request.beams = beams;
  request.log_probabilities = options.log_probabilities;
  const uint64_t seed = request.sampling.seed;
  const OnToken stream = [](const Token& token) { write_out(token.text); };
  const bool is_streamed = !options.run.json && options.answers == 1;
  const Output output = run_request(engine, std::move(request), is_streamed ? stream : OnToken{});

  const Report report{output, load_seconds, seed, options.beams > 1};
  if (options.run.json) {
    write_json_line(report_json(report));
  } else if (is_streamed) {
    write_out("\n");
  } else {
    print_answers(output);
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
  options.integer("--num-return-sequences", values->answers, {1, 1024},
                  "so many answers: samples of seeds S, S + 1, ...; with --beams the best");
  options.integer("--beams", values->beams, {1, 1024}, "beam search with N beams (default: 1)");
  options.number("--length-penalty", values->length_penalty, {-100, 100},
                 "of beams: ranked by log-probability / length^X (default: 1)");
  options.choice("--early-stopping", values->early_stopping, {"true", "false", "never"},
                 "of beams: when the search ends, as in transformers (default: false)");
  options.integer("--logprobs", values->log_probabilities, {0, 20},
                  "with --json: log-probabilities of the chosen and the N likeliest tokens");
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
cancelled), timings, seed; of several answers the best or first, and others: a list of text, ids, completion_tokens,
finish_reason; with --beams the score of each, with --logprobs logprobs: a list of id, logprob, top. Ctrl-C ends with what there is.)",
    .examples =
        R"(jet generate --model models-cache/SmolLM2-135M-Instruct.Q4_1.gguf --prompt "The capital of France is"
jet generate --model jet-2b --temperature 0.8 --top-p 0.95 --seed 7 --prompt - < story.txt
jet generate --model jet-2b --beams 4 --num-return-sequences 2 --prompt "Translate: Guten Tag."
jet generate --model jet-2b --max-tokens 64 --stop "Q:" --json --prompt "Q: 1+1?")",
    .set_up = set_up};

}  // namespace jet::cli
