// jet tokenize: text to token ids and back.
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/jet/input.h"
#include "apps/jet/output.h"
#include "apps/jet/run_options.h"
#include "apps/jet/verb.h"
#include "io/in_file.h"
#include "io/printable.h"
#include "text/tokenizer.h"

namespace jet::cli {
namespace {

struct TokenizeOptions {
  std::string model;
  std::vector<std::string> text;
  bool ids = false;
  bool no_special = false;
  std::optional<std::string> decode;
  bool skip_special = false;
  bool json = false;
};

// Characters as they are, but control characters, backslashes and parts of characters as \n or
// \xNN.
std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == '\\') {
      text += "\\\\";
    } else if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) >= 0x7f) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text;
}

int decode(const TokenizeOptions& options, const Tokenizer& tokenizer) {
  std::vector<int32_t> ids;
  try {
    ids = parse_ids(*options.decode);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--decode: {}", error.what()));
  }
  for (const int32_t id : ids) {
    if (id >= tokenizer.vocabulary())
      fail("--decode: {} is not a token of {}, which has ids 0 to {}", id, options.model,
           tokenizer.vocabulary() - 1);
  }
  const std::string text = tokenizer.decode(ids, options.skip_special);
  if (options.json) {
    write_json_line({{"ids", ids}, {"text", text}});
  } else {
    write_out(text + "\n");
  }
  return kDone;
}

int encode(const TokenizeOptions& options, const Tokenizer& tokenizer) {
  const bool from_stdin = options.text.empty() || options.text.front() == "-";
  const std::string text = from_stdin ? read_stdin() : options.text.front();
  const std::vector<int32_t> ids = tokenizer.encode(text, {.special = !options.no_special});
  if (options.json) {
    Json tokens = Json::array();
    for (const int32_t id : ids) tokens.push_back(tokenizer.bytes(id));
    write_json_line({{"ids", ids}, {"tokens", tokens}});
  } else if (options.ids) {
    write_out(fmt::format("{}\n", fmt::join(ids, " ")));
  } else {
    std::string table;
    for (const int32_t id : ids)
      table += fmt::format("{:>7}  {}\n", id, escaped(tokenizer.bytes(id)));
    write_out(table);
  }
  return kDone;
}

int tokenize(const TokenizeOptions& options) {
  check_model_option(options.model);
  if (options.text.size() > 1) {
    throw UsageError(
        fmt::format("\"{}\" is one argument too many; quote the text", options.text[1]));
  }
  if (options.decode && !options.text.empty())
    throw UsageError("--decode and a text exclude each other");
  TextFiles files = open_text_files(options.model);
  const Tokenizer tokenizer =
      in_file(options.model, [&] { return Tokenizer(std::move(files.tokenizer)); });
  return options.decode ? decode(options, tokenizer) : encode(options, tokenizer);
}

std::function<int()> set_up(Options& options) {
  const auto values = std::make_shared<TokenizeOptions>();
  options.positionals("TEXT", values->text,
                      "the text, - for standard input (default: standard input)");
  add_model_option(options, values->model);
  options.flag("--ids", values->ids, "print the ids alone, on one line");
  options.flag("--no-special", values->no_special, "special tokens in the text are text");
  options.text("--decode", values->decode, "IDS", "print the text of these ids instead");
  options.flag("--skip-special", values->skip_special,
               "leave special tokens out of the decoded text");
  options.flag("--json", values->json, "print JSON");
  return [values] { return tokenize(*values); };
}

}  // namespace

constinit const Verb kTokenize{
    .name = "tokenize",
    .summary = "shows the tokens of a text, or the text of tokens",
    .details =
        R"(Prints a table of id and text; bytes that are no printable ASCII as \xNN. No BOS is added. Needs the tokenizer's
files alone, no weights. A text that is not UTF-8 is an error.)",
    .examples =
        R"(jet tokenize --model models-cache/SmolLM2-135M-Instruct.Q4_1.gguf "The capital of France"
jet tokenize --model jet-2b --ids - < story.txt
jet tokenize --model jet-2b --decode "785 6722 315")",
    .set_up = set_up};

}  // namespace jet::cli
