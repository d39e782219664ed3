// jet serve: an OpenAI-compatible server and its web page.
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>

#include "apps/jet/input.h"
#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "core/error.h"
#include "runtime/model/loaded_model.h"
#include "serve/server.h"

namespace jet::cli {
namespace {

constexpr double kDrainSeconds = 90;

struct ServeOptions {
  RunOptions run;
  std::vector<std::string> models;  // PATH or NAME=PATH
  std::string host = "127.0.0.1";
  int64_t port = 8080;
  int64_t sequences = 8;
  int64_t queue = 128;
  int64_t connections = 4096;
  int64_t reuse_bytes = EngineOptions().snapshot_bytes;
  std::string api_key_file;
  std::vector<std::string> cors_origins;
  std::vector<std::string> allowed_hosts;
  std::string state_directory;
  bool no_access_log = false;
};

struct NamedPath {
  std::string name;
  std::string path;
};

// "chat=models/a.gguf"; without a name, the file's or folder's own.
NamedPath parse_model(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && text.find('/') > equals)
    return {text.substr(0, equals), text.substr(equals + 1)};
  std::filesystem::path path = std::filesystem::path(text).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return {path.extension() == ".gguf" ? path.stem().string() : path.filename().string(), text};
}

std::vector<NamedPath> parse_models(const std::vector<std::string>& texts) {
  if (texts.empty()) check_model_option("");
  std::vector<NamedPath> models;
  for (const std::string& text : texts) {
    models.push_back(parse_model(text));
    for (size_t i = 0; i + 1 < models.size(); ++i) {
      if (models[i].name == models.back().name)
        throw UsageError(
            fmt::format("two models are called {}; name them: --model NAME=M", models[i].name));
    }
  }
  return models;
}

// One key a line.
std::vector<std::string> read_keys(const std::string& path) {
  std::vector<std::string> keys;
  if (path.empty()) return keys;
  const std::string text = read_text(path);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string key = text.substr(at, end - at);
    if (key.ends_with('\r')) key.pop_back();
    if (!key.empty()) keys.push_back(std::move(key));
    at = end + 1;
  }
  if (keys.empty()) fail("{}: holds no key, expected one a line", path);
  return keys;
}

// As many connections as the system lets this process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::unique_ptr<serve::ServedModel> load(const NamedPath& named, const ServeOptions& options) {
  RunOptions run = options.run;
  run.model = named.path;
  EngineOptions engine = engine_options(run);
  engine.max_sequences = options.sequences;
  engine.snapshot_bytes = options.reuse_bytes;
  auto served = std::make_unique<serve::ServedModel>();
  served->name = named.name;
  served->created = std::time(nullptr);
  const Model model = load_model(run);
  served->state_types = state_types(run, model.loaded().decoder);
  served->host =
      std::make_unique<serve::EngineHost>(model, engine, static_cast<size_t>(options.queue));
  return served;
}

int serve_models(const ServeOptions& options) {
  const std::vector<NamedPath> models = parse_models(options.models);
  RunOptions first = options.run;
  first.model = models.front().path;
  check_run_options(first);
  raise_descriptor_limit();
  constexpr mode_t kOthers = 077;  // saved conversations are what was said
  if (!options.state_directory.empty()) ::umask(kOthers);
  serve::ServerOptions server_options{.host = options.host,
                                      .port = static_cast<uint16_t>(options.port),
                                      .api_keys = read_keys(options.api_key_file),
                                      .cors_origins = options.cors_origins,
                                      .allowed_hosts = options.allowed_hosts,
                                      .state_directory = options.state_directory};
  server_options.limits.connections = static_cast<size_t>(options.connections);
  if (!options.no_access_log)
    server_options.log = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };

  serve::Server server(server_options);
  std::vector<std::unique_ptr<serve::ServedModel>> served;
  for (const NamedPath& named : models) served.push_back(load(named, options));
  server.ready(std::move(served));
  write_out(fmt::format("http://{}:{}/\n", options.host, server.port()));

  constexpr std::chrono::milliseconds kLook{100};
  while (!interrupted()) std::this_thread::sleep_for(kLook);
  write_note("stopping: what is running may end; a second Ctrl-C stops at once");
  server.drain(kDrainSeconds);
  return kDone;
}

std::function<int()> set_up(Options& options) {
  const auto values = std::make_shared<ServeOptions>();
  options.texts("-m,--model", values->models, "M",
                "a Hugging Face directory or a .gguf file, or NAME=M; may be repeated");
  options.text("--host", values->host, "H", "address to listen on (default: 127.0.0.1)");
  options.integer("--port", values->port, {0, 65535}, "port; 0: any free one (default: 8080)");
  options.integer("--max-sequences", values->sequences, {1, 4096},
                  "answers of a model that are computed at the same time (default: 8)");
  options.integer("--max-queue", values->queue, {0, 1'000'000},
                  "requests of a model that may wait; beyond: 429 (default: 128)");
  options.integer("--max-connections", values->connections, {1, 1'000'000},
                  "open connections; beyond, new ones are closed (default: 4096)");
  options.bytes(
      "--reuse-memory", values->reuse_bytes,
      "most memory of a model for states kept after prompts and answers, from which later "
      "prompts go on; the least recently used give way (default: 268MB)");
  options.text("--api-key-file", values->api_key_file, "F",
               "keys that clients must give one of, one a line (default: none is asked for)");
  options.texts("--cors-origin", values->cors_origins, "O",
                "web origin whose pages may use this server, or *; may be repeated");
  options.texts("--allow-host", values->allowed_hosts, "NAME",
                "name in Host that requests may come with, beside this machine's own; may be "
                "repeated (default: on 127.0.0.1 none, else any)");
  options.text("--state-directory", values->state_directory, "D",
               "where conversations are saved, which then survive a restart (default: nowhere)");
  options.flag("--no-access-log", values->no_access_log,
               "no line on standard error for each request");
  add_compute_options(options, values->run);
  add_context_option(options, values->run);
  return [values] { return serve_models(*values); };
}

}  // namespace

constinit const Verb kServe{
    .name = "serve",
    .summary = "serves models over HTTP as OpenAI's API does, with a web page to chat",
    .details =
        R"(Prints its address when the model is loaded; a browser shows a page to chat there. /v1/completions,
/v1/chat/completions, /v1/models, /tokenize, /detokenize, /tokenizer_info, /health and /metrics (Prometheus) are served.
Memory for --max-sequences of the whole --context-length is taken at the start. The access log goes to standard error,
one JSON object a line. Ctrl-C or SIGTERM: nothing new is taken, what is running ends (within 90 s), exit code 0.
Without --api-key-file everyone who reaches the port may ask. docs/server.md says more.)",
    .examples = R"(jet serve --model models-cache/SmolLM2-135M-Instruct.Q4_1.gguf
jet serve --model small=models-cache/SmolLM2-135M-Instruct.Q4_1.gguf --model jet-2b --port 9000 --context-length 4096
curl localhost:8080/v1/completions -H 'Content-Type: application/json' -d '{"prompt": "The capital of France is"}')",
    .set_up = set_up};

}  // namespace jet::cli
