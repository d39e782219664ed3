// Tools of a chat: what a request offers, what it forces, and how answers tell of calls.
#pragma once

#include <memory>
#include <string>

#include "io/json.h"
#include "serve/api/body.h"
#include "serve/api/tool_calls.h"
#include "text/constraint/json_grammar.h"

namespace jet {
class Model;
}

namespace jet::serve {

constexpr size_t kMostTools = 128;
constexpr size_t kMostForcedTools = 64;  // JsonMachine::kMostReadings

// `tools`: null, or a list of functions. Throws ApiError 400 on what is none, and where the model's
// chat template cannot tell of tools, or has its calls written in a form that is not read here.
Json read_tools(Body& body, const Model& model);

struct ToolUse {
  Json tools = nullptr;  // for the template; null: none
  bool reads_calls = false;
  bool one_call = false;  // parallel_tool_calls: false
  // Where a call is forced: what the answer, which then is the inside of a call, must be.
  std::shared_ptr<const JsonGrammar> forced = nullptr;
};

// `tools`, `tool_choice` and `parallel_tool_calls`.
ToolUse read_tool_use(Body& body, const Model& model);

// How a call begins and ends in the model's text.
constexpr std::string_view kCallOpening = "<tool_call>\n";
constexpr std::string_view kCallClosing = "</tool_call>";

// {"id", "type", "function": {"name", "arguments"}}; with `index` of a stream's delta (-1: none).
Json tool_call_json(const ToolCall& call, int64_t index);

// `tool_calls` of a message of the assistant, with arguments as objects, as templates expect them.
Json read_past_calls(Body& message, const Json& calls);

}  // namespace jet::serve
