// jet chat: talks with a model, line by line.
#include <memory>

#include "apps/jet/generation_options.h"
#include "apps/jet/input.h"
#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "apps/jet/verbs/chat_session.h"
#include "core/error.h"
#include "runtime/model/loaded_model.h"

namespace jet::cli {
namespace {

struct ChatOptions {
  RunOptions run;
  GenerationOptions generation;
  std::string system;
  std::string load;
  std::string save;
};

constexpr std::string_view kCommands =
    "/reset forgets the conversation, /save F keeps it in a file, /stats tells its size, /exit or "
    "the end of the input leaves; Ctrl-C stops an answer";

class Chat {
 public:
  Chat(const ChatOptions& options, Engine& engine, double load_seconds)
      : options_(options),
        engine_(engine),
        session_(engine, options.system),
        load_seconds_(load_seconds) {}

  int run() {
    if (!options_.load.empty()) load();
    if (stdin_is_terminal()) write_note(kCommands);
    try {
      talk();
    } catch (...) {  // an interrupt, or a full context: what was said is kept
      try_to_save();
      throw;
    }
    save(options_.save);
    return kDone;
  }

 private:
  void talk() {
    while (const auto line = read_line()) {
      if (*line == "/exit") break;
      try {
        if (!line->empty() && !obey(*line)) answer(*line);
      } catch (const Error& error) {  // whoever sits at a terminal can try again
        if (!stdin_is_terminal()) throw;
        write_note(error.what());
      }
    }
  }

  void load() {
    session_.load(options_.load);
    write_note(fmt::format("{}: {}, {} of context, none of them computed again", options_.load,
                           counted(session_.turns(), "turn"), counted(session_.tokens(), "token")));
  }

  // Where something else is to be told already.
  void try_to_save() {
    try {
      save(options_.save);
    } catch (const Error& error) {
      write_note(error.what());
    }
  }

  void save(const std::string& path) {
    if (!path.empty()) session_.save(path);
  }

  std::optional<std::string> read_line() {
    if (stdin_is_terminal()) fmt::print(stderr, "> ");
    return lines_.next();
  }

  bool obey(const std::string& line) {
    if (!line.starts_with('/')) return false;
    if (line == "/reset") {
      session_.reset();
      write_note("the conversation is forgotten");
    } else if (line == "/stats") {
      write_note(fmt::format("{}, {} of {} tokens, {} of state", counted(session_.turns(), "turn"),
                             session_.tokens(), engine_.context_length(),
                             human_bytes(engine_.state_bytes_in_use())));
    } else if (line == "/save" || line.starts_with("/save ")) {
      const size_t name = line.find_first_not_of(' ', std::string_view("/save").size());
      if (name == std::string::npos) fail("/save needs the name of a file: /save F");
      save(line.substr(name));
    } else if (line == "/help") {
      write_note(kCommands);
    } else {
      write_note(fmt::format("unknown command {}; {}", line, kCommands));
    }
    return true;
  }

  void answer(const std::string& line) {
    Request request = session_.begin_turn(line);
    if (session_.was_rebuilt() && options_.run.verbose) {
      write_note(
          "the chat template changed what was said before: the conversation is computed anew");
    }
    request.max_tokens = options_.generation.max_tokens;
    request.sampling = request_sampling(engine_.model().loaded().generation, options_.generation);
    const uint64_t seed = request.sampling.seed;
    const RequestId id = submit(std::move(request));
    while (!engine_.finished(id)) {
      if (interrupted()) engine_.cancel(id);
      engine_.step();
    }
    const Output output = engine_.take(id);
    session_.end_turn(output);
    tell({output, load_seconds_, seed});
  }

  RequestId submit(Request request) {
    try {
      return engine_.submit(std::move(request), [this](const Token& token) {
        if (!options_.run.json) write_out(token.text);
      });
    } catch (...) {  // a message that does not fit
      session_.drop_turn();
      throw;
    }
  }

  void tell(const Report& report) {
    if (options_.run.json) {
      write_json_line(report_json(report));
    } else {
      write_out("\n");
    }
    if (options_.run.verbose) write_note(report_line(report));
    const Output& output = report.output;
    if (output.finish == FinishReason::Failed) throw Error(output.error);
    if (output.finish == FinishReason::Cancelled) {
      if (!stdin_is_terminal() || !forget_interrupt()) throw Interrupted{};
      write_note("the answer was stopped; the conversation goes on");
    }
    if (output.finish != FinishReason::Length) return;
    if (static_cast<int64_t>(output.ids.size()) < options_.generation.max_tokens) {
      fail("the context of {} tokens is full; raise --context-length or begin anew",
           engine_.context_length());
    }
    write_note(
        fmt::format("the answer was cut after --max-tokens {}", options_.generation.max_tokens));
  }

  const ChatOptions& options_;
  Engine& engine_;
  ChatSession session_;
  StdinLines lines_;
  double load_seconds_;
};

int chat(const ChatOptions& options) {
  if (!options.save.empty()) {
    check_parent(options.save);
    if (std::filesystem::is_directory(options.save))
      fail("{}: is a directory; name a file to keep the conversation in", options.save);
  }
  const Stopwatch watch;
  const Model model = load_model(options.run);
  if (!model.has_chat_template())
    fail("{}: has no chat template, so it cannot chat; use jet generate", options.run.model);
  if (!options.load.empty() && !options.system.empty())
    throw UsageError("--system begins a dialogue, --load goes on with one; give one of them");
  EngineOptions engine_with = engine_options(options.run);
  engine_with.max_sequences = 2;  // one is loaded while the other is there
  Engine engine(model, engine_with);
  return Chat(options, engine, watch.seconds()).run();
}

std::function<int()> set_up(Options& options) {
  const auto values = std::make_shared<ChatOptions>();
  options.text("-s,--system", values->system, "T", "what the model is told first");
  options.text("--load", values->load, "F",
               "go on with the conversation that --save kept, without computing it again");
  options.text("--save", values->save, "F",
               "keep the conversation and its state in a file at the end; one that is there is "
               "replaced");
  add_generation_options(options, values->generation);
  add_run_options(options, values->run);
  add_context_option(options, values->run);
  return [values] { return chat(*values); };
}

}  // namespace

constinit const Verb kChat{
    .name = "chat",
    .summary = "talks with a model, with its chat template; state is kept between turns",
    .details =
        R"(Each line of standard input is a message, so a dialogue can be piped in. A line that begins with / is a command:
/help, /reset, /save F, /stats, /exit. A turn computes only its own tokens: cached_tokens in --json (one object a turn, with
the keys of jet generate) counts those that were kept. On a terminal Ctrl-C stops an answer, and the conversation goes
on with what there is of it; at the prompt it leaves. The context limit is --context-length tokens of all that was said,
by default what the model was trained for. What fails (a message that does not fit, an answer that reaches
the limit, a file that cannot be written) is told in one line: on a terminal the conversation goes on, without the
message that failed; otherwise the program ends with exit code 1, after --save. A saved conversation goes on with the
same model and --kv-dtype alone.)",
    .examples = R"(jet chat --model models-cache/SmolLM2-135M-Instruct.Q4_1.gguf
jet chat --model jet-2b --system "Answer in French." --temperature 0.7
jet chat --model jet-2b --save talk.state; jet chat --model jet-2b --load talk.state
printf 'My name is Ada.\nWhat is my name?\n' | jet chat --model jet-2b --json)",
    .set_up = set_up};

}  // namespace jet::cli
