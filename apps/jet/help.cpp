#include "apps/jet/help.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/jet/output.h"

namespace jet::cli {
namespace {

std::string overview() {
  std::string text =
      "jet: runs Jet-Nemotron hybrids, llama, qwen2 and qwen3 language models.\n\nUsage: jet VERB "
      "[OPTIONS]\n\n";
  for (const Verb& verb : verbs()) text += fmt::format("  {:<12}{}\n", verb.name, verb.summary);
  text += fmt::format("  {:<12}{}\n", "help", "explains a verb: jet help VERB");
  text +=
      "\nM stands for a model: a Hugging Face directory or a .gguf file. Results go to standard "
      "output, the rest to\n"
      "standard error. Exit code 0: done, 1: failed, 2: wrong usage, 130 or 143: stopped "
      "by\nCtrl-C or SIGTERM, after printing what there is.\n";
  return text;
}

std::string indented(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    text += fmt::format("  {}\n", lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

}  // namespace

std::span<const Verb> verbs() {
  static const std::array<Verb, 9> list{kGenerate, kChat,       kServe, kTokenize, kInspect,
                                        kLogits,   kPerplexity, kBench, kConvert};
  return list;
}

bool is_verb(std::string_view name) {
  return std::ranges::find(verbs(), name, &Verb::name) != verbs().end();
}

const Verb& find_verb(std::string_view name) {
  const auto found = std::ranges::find(verbs(), name, &Verb::name);
  if (found != verbs().end()) return *found;
  std::vector<std::string> names{"help"};
  for (const Verb& verb : verbs()) names.emplace_back(verb.name);
  throw UsageError(fmt::format("unknown verb \"{}\"{}", name, suggestion(name, names)));
}

int print_help(const std::vector<std::string>& arguments) {
  if (arguments.size() > 1)
    throw UsageError(fmt::format("\"{}\" is one argument too many", arguments[1]));
  if (arguments.empty() || arguments.front() == "help") {
    write_out(overview());
    return kDone;
  }
  const Verb& verb = find_verb(arguments.front());
  Options options(std::string(verb.name), std::string(verb.summary));
  verb.set_up(options);
  std::string text = options.help();
  if (!verb.details.empty()) text += fmt::format("\n{}\n", verb.details);
  text += fmt::format("\nExamples:\n{}", indented(verb.examples));
  write_out(text);
  return kDone;
}

int print_version(const std::vector<std::string>& arguments) {
  if (!arguments.empty())
    throw UsageError(fmt::format("\"{}\" is one argument too many", arguments[0]));
  write_out(fmt::format("jet {}\n", JET_VERSION));
  return kDone;
}

}  // namespace jet::cli
