// jet inspect: what a model is, and what it takes of memory.
#include <cctype>
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "models/memory_report.h"

namespace jet::cli {
namespace {

struct InspectOptions {
  std::vector<std::string> model;
  std::vector<int64_t> contexts;
  std::string kv_dtype = "bf16";
  std::string state_dtype = "f32";
  bool tensors = false;
  bool json = false;
};

struct TensorRow {
  std::string name;
  Shape shape;
  DType type;
};

// What the model's files say; of a config alone, what a new checkpoint would hold.
struct Subject {
  DecoderSpec spec;
  int64_t weight_bytes = 0;
  std::vector<TensorRow> tensors;
};

Subject open_subject(const std::string& path) {
  Subject subject;
  if (std::filesystem::path(path).extension() == ".json") {
    subject.spec = open_decoder_spec(path);
    subject.weight_bytes = stored_bytes(subject.spec);
    for (const TensorSpec& tensor : decoder_tensors(subject.spec)) {
      subject.tensors.push_back(
          {tensor.name, tensor.shape, tensor.float32 ? DType::F32 : subject.spec.stored_type});
    }
    return subject;
  }
  const Checkpoint checkpoint = open_checkpoint(path);
  subject.spec = checkpoint.spec;
  subject.weight_bytes = stored_bytes(checkpoint);
  for (const TensorSpec& tensor : decoder_tensors(subject.spec)) {
    subject.tensors.push_back(
        {tensor.name, tensor.shape, checkpoint.tensors.at(tensor.name).type()});
  }
  return subject;
}

Json tensor_json(const TensorRow& tensor) {
  const auto sizes = tensor.shape.sizes();
  return {{"name", tensor.name},
          {"shape", std::vector<int64_t>(sizes.begin(), sizes.end())},
          {"type", name(tensor.type)}};
}

Json report_json(const Subject& subject, const StateSizes& sizes,
                 const std::vector<int64_t>& contexts, bool tensors) {
  Json layers = Json::array();
  for (const LayerGroup& group : layer_groups(subject.spec)) {
    layers.push_back({{"kind", group.kind},
                      {"count", group.layers.size()},
                      {"layers", group.layers},
                      {"parameters_per_layer", group.parameters}});
  }
  Json memory = Json::array();
  for (const int64_t context : contexts) {
    memory.push_back({{"context", context},
                      {"bytes", subject.weight_bytes + sizes.at(context)},
                      {"state_bytes", sizes.at(context)}});
  }
  Json json{{"architecture", subject.spec.family},
            {"parameters", parameter_count(subject.spec)},
            {"layers", layers},
            {"recurrent_state_bytes", sizes.recurrent},
            {"conv_state_bytes", sizes.convolution},
            {"window_state_bytes", sizes.window},
            {"kv_bytes_per_token", sizes.kv_per_token},
            {"weight_bytes", subject.weight_bytes},
            {"memory", memory}};
  if (tensors) {
    for (const TensorRow& tensor : subject.tensors) json["tensors"].push_back(tensor_json(tensor));
  }
  return json;
}

// One letter a kind: its first that no other kind has, in upper case.
std::map<std::string, char> letters_of(const std::vector<LayerGroup>& groups) {
  std::map<std::string, char> letters;
  std::string used;
  for (const LayerGroup& group : groups) {
    char letter = '?';
    for (const char c : group.kind) {
      const auto upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      if (used.find(upper) != std::string::npos) continue;
      letter = upper;
      break;
    }
    used += letter;
    letters[group.kind] = letter;
  }
  return letters;
}

std::string drawing(const DecoderSpec& spec, const std::vector<LayerGroup>& groups) {
  constexpr size_t kGroup = 10;
  const auto letters = letters_of(groups);
  std::string text;
  for (size_t index = 0; index < spec.layers.size(); ++index) {
    if (index > 0 && index % kGroup == 0) text += ' ';
    text += letters.at(std::string(spec.layers[index].mixer->kind()));
  }
  text += '\n';
  for (const LayerGroup& group : groups) {
    text += fmt::format("    {} {:<6} x{:<4} {:>12} parameters a layer\n", letters.at(group.kind),
                        group.kind, group.layers.size(), with_commas(group.parameters));
  }
  return text;
}

std::string overview(const Subject& subject, const StateSizes& sizes,
                     const InspectOptions& options) {
  const DecoderSpec& spec = subject.spec;
  const ModelShape& shape = spec.shape;
  std::string text;
  text += fmt::format("architecture      {}\n", spec.family);
  text += fmt::format("parameters        {}\n", with_commas(parameter_count(spec)));
  text += fmt::format("weights           {}\n", human_bytes(subject.weight_bytes));
  text += fmt::format("hidden            {}\n", shape.hidden);
  text += fmt::format("attention         {} heads, {} kv heads, width {}\n", shape.heads,
                      shape.kv_heads, shape.head_dim);
  text += fmt::format("vocabulary        {}, {} head\n", spec.vocabulary,
                      spec.tied_head ? "tied" : "untied");
  text += fmt::format("trained context   {}\n", spec.max_positions);
  text +=
      fmt::format("layers ({})       {}", spec.layers.size(), drawing(spec, layer_groups(spec)));
  text += "\nstate of one sequence\n";
  text += fmt::format("  recurrent       {:>15} bytes  {}\n", with_commas(sizes.recurrent),
                      options.state_dtype);
  text += fmt::format("  convolution     {:>15} bytes  bf16\n", with_commas(sizes.convolution));
  text += fmt::format("  windows         {:>15} bytes  {}\n", with_commas(sizes.window),
                      options.kv_dtype);
  text += fmt::format("  keys and values {:>15} bytes a token  {}\n",
                      with_commas(sizes.kv_per_token), options.kv_dtype);
  return text;
}

std::string memory_table(const Subject& subject, const StateSizes& sizes, const StateTypes& types,
                         const std::vector<int64_t>& contexts) {
  DecoderSpec plain = plain_transformer(subject.spec);
  const StateSizes plain_sizes = state_sizes(plain, types);
  std::string text = fmt::format("\n{:>10}  {:>12}  {:>14}  {:>28}\n", "context", "state",
                                 "with weights", "state, attention everywhere");
  for (const int64_t context : contexts) {
    const int64_t state = sizes.at(context);
    const int64_t other = plain_sizes.at(context);
    text += fmt::format(
        "{:>10}  {:>12}  {:>14}  {:>28}\n", with_commas(context), human_bytes(state),
        human_bytes(subject.weight_bytes + state),
        fmt::format("{} ({:.1f}x)", human_bytes(other),
                    state > 0 ? static_cast<double>(other) / static_cast<double>(state) : 0.0));
  }
  return text;
}

std::string tensor_table(const Subject& subject) {
  std::string text = "\ntensors\n";
  for (const TensorRow& tensor : subject.tensors) {
    text += fmt::format("  {:<72} {:>6}  {}\n", tensor.name, name(tensor.type),
                        to_string(tensor.shape));
  }
  return text;
}

int inspect(const InspectOptions& options) {
  if (options.model.empty())
    throw UsageError("M is missing: a Hugging Face directory, a .gguf file or a config.json");
  if (options.model.size() > 1)
    throw UsageError(fmt::format("\"{}\" is one argument too many", options.model[1]));
  std::vector<int64_t> contexts = options.contexts;
  if (contexts.empty()) contexts = {4096, 8192, 16384, 32768, 65536, 131072, 262144};
  const StateTypes types{.attention = *parse_dtype(options.kv_dtype),
                         .recurrence = *parse_dtype(options.state_dtype),
                         .convolution = DType::BF16};
  const Subject subject = open_subject(options.model.front());
  const StateSizes sizes = state_sizes(subject.spec, types);
  if (options.json) {
    write_json_line(report_json(subject, sizes, contexts, options.tensors));
    return kDone;
  }
  write_out(overview(subject, sizes, options));
  write_out(memory_table(subject, sizes, types, contexts));
  if (options.tensors) write_out(tensor_table(subject));
  return kDone;
}

std::function<int()> set_up(Options& options) {
  constexpr int64_t kLongestContext = int64_t{1} << 40;
  const auto values = std::make_shared<InspectOptions>();
  options.positionals("M", values->model,
                      "a Hugging Face directory, a .gguf file or a config.json alone");
  options.integers("--context", values->contexts, {1, kLongestContext},
                   "contexts to tell the memory of (default: 4096 to 262144)");
  options.flag("--tensors", values->tensors, "list every tensor");
  options.choice("--kv-dtype", values->kv_dtype, {"f32", "bf16", "f16", "q8_0"},
                 "type of attention's keys and values (default: bf16)");
  options.choice("--state-dtype", values->state_dtype, {"f32", "bf16"},
                 "type of recurrent states (default: f32)");
  options.flag("--json", values->json, "print JSON");
  return [values] { return inspect(*values); };
}

}  // namespace

constinit const Verb kInspect{
    .name = "inspect",
    .summary = "describes a model: layers, parameters, state and memory at each context",
    .details =
        R"(state         of one sequence: recurrent and convolution states and windows are fixed, keys and values grow by the token
with weights  that and the weights as stored; of a config.json alone, as torch_dtype would store them.
              This is `bytes` in --json; `state_bytes` is the state alone
attention everywhere  the state of a plain transformer of the same sizes
Sizes are those of --kv-dtype and --state-dtype, with convolution rows in bf16: jet generate on the CPU keeps them in
f32 unless told otherwise.)",
    .examples = R"(jet inspect jet-2b
jet inspect config.json --context 65536 262144 --json
jet inspect models-cache/SmolLM2-135M-Instruct.Q4_1.gguf --tensors --kv-dtype f32)",
    .set_up = set_up};

}  // namespace jet::cli
