// ChatTemplate: the variables that transformers gives a template.
#include "text/chat_template.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "text/jinja/clock.h"
#include "text/jinja/from_json.h"
#include "text/jinja/globals.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"

namespace jet {

struct ChatTemplate::Program {
  explicit Program(std::string text) : source(std::move(text)), body(jinja::parse(source)) {}
  jinja::Source source;
  jinja::Body body;
};

namespace {

using jinja::Value;

constexpr std::string_view kClock = "strftime_now";

// A message's reasoning goes by three names; the first that is set counts, and templates find it
// under those they read.
Json with_reasoning(const Json& message) {
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    const auto found = message.find(name);
    if (found == message.end() || found->is_null()) continue;
    Json out = Json::object();
    out["thinking"] = *found;
    for (const auto& [key, value] : message.items()) out[key] = value;
    out["reasoning_content"] = *found;
    return out;
  }
  return message;
}

Json checked_messages(const Json& messages) {
  if (!messages.is_array())
    fail("chat template: messages must be an array, not {}", messages.type_name());
  Json out = Json::array();
  for (const Json& message : messages) {
    if (!message.is_object()) {
      fail("chat template: messages[{}] must be an object, not {}", out.size(),
           message.type_name());
    }
    out.push_back(with_reasoning(message));
  }
  return out;
}

void check_tools(const Json& tools) {
  if (!tools.is_null() && !tools.is_array()) {
    fail("chat template: tools must be an array or null, not {}", tools.type_name());
  }
  for (size_t i = 0; i < tools.size(); ++i) {
    if (!tools[i].is_object())
      fail("chat template: tools[{}] must be an object, not {}", i, tools[i].type_name());
  }
}

void check_extra(const Json& extra) {
  static constexpr std::array<std::string_view, 5> kOwn = {
      "messages", "tools", "add_generation_prompt", "bos_token", "eos_token"};
  if (extra.is_null()) return;
  if (!extra.is_object())
    fail("chat template: the extra variables must be an object, not {}", extra.type_name());
  for (const auto& [name, value] : extra.items()) {
    if (std::ranges::find(kOwn, name) != kOwn.end()) {
      fail("chat template: the extra variable '{}' would replace the template's own", name);
    }
  }
  const auto clock = extra.find(kClock);
  if (clock == extra.end()) return;
  if (!clock->is_string() || !jinja::parse_civil_time(clock->get_ref<const std::string&>())) {
    fail("chat template: the extra variable '{}' must be a time such as \"2024-07-26T12:00:00\"",
         kClock);
  }
}

void add_functions(jinja::Scope& scope, const Json& extra) {
  for (const jinja::Builtin& function : jinja::global_functions()) {
    Value self;
    if (function.name == kClock && extra.contains(kClock))
      self = jinja::from_json(extra[kClock], std::string(kClock));
    const auto callable = std::make_shared<const jinja::Callable>(
        jinja::Callable{.builtin = &function, .self = self});
    scope.names.insert_or_assign(function.name, Value(callable));
  }
}

}  // namespace

ChatTemplate::ChatTemplate(std::string source)
    : program_(std::make_unique<const Program>(std::move(source))) {}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

const std::string& ChatTemplate::source() const { return program_->source.original(); }

std::string ChatTemplate::render(const Input& input) const {
  check_tools(input.tools);
  check_extra(input.extra);
  jinja::Scope scope;
  add_functions(scope, input.extra);
  scope.names.insert_or_assign("documents", Value(jinja::None()));
  for (const auto& [name, value] : input.extra.items()) {
    if (name != kClock) scope.names.insert_or_assign(name, jinja::from_json(value, name));
  }
  scope.names.insert_or_assign("messages",
                               jinja::from_json(checked_messages(input.messages), "messages"));
  scope.names.insert_or_assign("tools", jinja::from_json(input.tools, "tools"));
  scope.names.insert_or_assign("add_generation_prompt", Value(input.add_generation_prompt));
  // A tokenizer without such a token leaves the name undefined.
  if (!input.bos_token.empty())
    scope.names.insert_or_assign("bos_token", jinja::from_json(input.bos_token, "bos_token"));
  if (!input.eos_token.empty())
    scope.names.insert_or_assign("eos_token", jinja::from_json(input.eos_token, "eos_token"));

  jinja::Runtime rt(program_->source);
  return jinja::Interpreter(rt, scope).run(program_->body);
}

}  // namespace jet
