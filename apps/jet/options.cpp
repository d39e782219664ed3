#include "apps/jet/options.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace jet::cli {
namespace {

constexpr size_t kNameColumn = 30;

// "--max-tokens: "12x" is not ...".
void read_for(const std::string& name, const std::function<void(const std::string&)>& read,
              const std::string& text) {
  try {
    read(text);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", name.substr(name.find(',') + 1), error.what()));
  }
}

std::string choice_of(const std::string& text, const std::vector<std::string>& values) {
  if (std::ranges::find(values, text) != values.end()) return text;
  throw UsageError(fmt::format("\"{}\" is none of {}{}", text, fmt::join(values, ", "),
                               suggestion(text, values)));
}

// "--model: 1 required M missing" as "--model needs a value: M".
std::string in_our_words(const CLI::ParseError& error) {
  std::string message = error.what();
  const std::string name = message.substr(0, message.find(':'));
  if (message.find(" missing") != std::string::npos) {
    const std::string value = message.substr(0, message.rfind(' '));
    return fmt::format("{} needs a value: {}", name, value.substr(value.rfind(' ') + 1));
  }
  if (message.find("At Most") != std::string::npos) return name + " is given more than once";
  if (const size_t end = message.find(" was given a disallowed flag"); end != message.npos)
    return fmt::format("--{} takes no value", message.substr(0, end));
  return message;
}

}  // namespace

struct Options::Parser {
  CLI::App app;
};

Options::Options(const std::string& verb, const std::string& description)
    : parser_(std::make_unique<Parser>()) {
  CLI::App& app = parser_->app;
  app.name("jet " + verb);
  app.description(description);
  app.set_help_flag("-h,--help", "this text");
  app.get_formatter()->column_width(kNameColumn);
  app.get_formatter()->label("Positionals", "Arguments");
  app.allow_extras();  // what is left over is named in refuse_unknown
}

Options::~Options() = default;

void Options::add(const std::string& name, const std::string& value, const std::string& help,
                  Reader read) {
  const auto set = [name, read = std::move(read)](const CLI::results_t& texts) {
    read_for(name, read, texts.back());
    return true;
  };
  parser_->app.add_option(name, set, help)
      ->type_name(value)
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

void Options::add_list(const std::string& name, const std::string& value, const std::string& help,
                       bool several_at_once, Reader read) {
  const auto set = [name, read = std::move(read)](const CLI::results_t& texts) {
    for (const std::string& text : texts) read_for(name, read, text);
    return true;
  };
  CLI::Option* option = parser_->app.add_option(name, set, help)->type_name(value)->type_size(1);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  option->expected(several_at_once ? CLI::detail::expected_max_vector_size : 1);
  if (several_at_once) option->expected(1, CLI::detail::expected_max_vector_size);
}

void Options::flag(const std::string& name, bool& target, const std::string& help) {
  parser_->app
      .add_flag_callback(
          name, [&target] { target = true; }, help)
      ->disable_flag_override();
}

void Options::text(const std::string& name, std::string& target, const std::string& value,
                   const std::string& help) {
  add(name, value, help, [&target](const std::string& text) { target = text; });
}

void Options::text(const std::string& name, std::optional<std::string>& target,
                   const std::string& value, const std::string& help) {
  add(name, value, help, [&target](const std::string& text) { target = text; });
}

void Options::texts(const std::string& name, std::vector<std::string>& target,
                    const std::string& value, const std::string& help) {
  add_list(name, value, help, false,
           [&target](const std::string& text) { target.push_back(text); });
}

void Options::integer(const std::string& name, int64_t& target, IntegerRange range,
                      const std::string& help) {
  add(name, "N", help,
      [&target, range](const std::string& text) { target = parse_integer(text, range); });
}

void Options::integer(const std::string& name, std::optional<int64_t>& target, IntegerRange range,
                      const std::string& help) {
  add(name, "N", help,
      [&target, range](const std::string& text) { target = parse_integer(text, range); });
}

void Options::integers(const std::string& name, std::vector<int64_t>& target, IntegerRange range,
                       const std::string& help) {
  add_list(name, "N", help, true, [&target, range](const std::string& text) {
    for (size_t at = 0; at <= text.size();) {
      const size_t comma = std::min(text.find(',', at), text.size());
      target.push_back(parse_integer(std::string_view(text).substr(at, comma - at), range));
      at = comma + 1;
    }
  });
}

void Options::number(const std::string& name, std::optional<double>& target, NumberRange range,
                     const std::string& help) {
  add(name, "X", help,
      [&target, range](const std::string& text) { target = parse_number(text, range); });
}

void Options::bytes(const std::string& name, int64_t& target, const std::string& help) {
  add(name, "BYTES", help, [&target](const std::string& text) { target = parse_bytes(text); });
}

void Options::choice(const std::string& name, std::string& target, std::vector<std::string> values,
                     const std::string& help) {
  const std::string listed = fmt::format("{}", fmt::join(values, "|"));
  add(name, listed, help, [&target, values = std::move(values)](const std::string& text) {
    target = choice_of(text, values);
  });
}

void Options::positionals(const std::string& name, std::vector<std::string>& target,
                          const std::string& help) {
  add_list(name, "", help, true, [&target](const std::string& text) { target.push_back(text); });
}

bool Options::parse(std::vector<std::string> arguments) {
  std::ranges::reverse(arguments);  // as CLI11 takes them
  try {
    parser_->app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(in_our_words(error));
  }
  std::vector<std::string> left = parser_->app.remaining();
  const auto mark = std::ranges::find(left, "--");  // after it all are positionals
  if (mark != left.end()) left.erase(mark);
  refuse_unknown(left);
  return true;
}

std::vector<std::string> Options::names() const {
  std::vector<std::string> list;
  for (const CLI::Option* option : parser_->app.get_options()) {
    for (const std::string& name : option->get_lnames()) list.push_back("--" + name);
  }
  return list;
}

void Options::refuse_unknown(const std::vector<std::string>& left) const {
  if (left.empty()) return;
  const std::string word = left.front().substr(0, left.front().find('='));
  if (!word.starts_with('-')) {
    const CLI::Option* model = parser_->app.get_option_no_throw("--model");
    const bool may_be_model = model != nullptr && model->count() == 0;
    throw UsageError(fmt::format("\"{}\" is one argument too many{}", word,
                                 may_be_model ? "; a model is given as --model M" : ""));
  }
  throw UsageError(fmt::format("unknown option {}{}", word, suggestion(word, names())));
}

std::string Options::help() const { return parser_->app.help(); }

}  // namespace jet::cli
