#include "serve/api/tools.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/model/loaded_model.h"
#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "text/chat_template.h"

namespace jet::serve {
namespace {

constexpr std::array<std::string_view, 1> kFunction{"function"};
constexpr size_t kLongestName = 64;

void check_name(const Body& body, const std::optional<std::string>& name) {
  const auto fits = [](char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '-';
  };
  if (!name) body.bad("name", "is missing");
  if (name->empty() || name->size() > kLongestName || !std::ranges::all_of(*name, fits))
    body.bad("name", fmt::format("must be 1 to {} letters, digits, _ and -", kLongestName));
}

std::string read_tool(const Json& given, size_t index) {
  const std::string path = fmt::format("tools[{}]", index);
  if (!given.is_object()) throw ApiError(400, path + " must be an object", path);
  Body tool(given, path + ".");
  if (tool.choice("type", kFunction, "").empty()) tool.bad("type", "is missing");
  auto function = tool.object("function");
  if (!function) tool.bad("function", "is missing");
  const auto name = function->string("name");
  check_name(*function, name);
  function->string("description");
  function->object("parameters");
  function->boolean("strict", false);
  function->check_all_known();
  tool.check_all_known();
  return *name;
}

bool knows(const ChatTemplate& chat_template, std::string_view word) {
  return chat_template.source().find(word) != std::string::npos;
}

// {"name": one of the tools, "arguments": by its schema}, of all tools or of the one that is named.
Json call_schema(const Json& tools, const std::string& only, Json& definitions) {
  Json calls = Json::array();
  for (const Json& tool : tools) {
    const Json& function = tool["function"];
    if (!only.empty() && function["name"] != only) continue;
    Json parameters = function.contains("parameters") && !function["parameters"].is_null()
                          ? function["parameters"]
                          : Json{{"type", "object"}};
    for (const std::string_view key : {"$defs", "definitions"}) {
      if (!parameters.contains(key)) continue;
      for (const auto& [name, schema] : parameters[key].items()) {
        Json& known = definitions[key][name];
        if (!known.is_null() && known != schema)
          throw ApiError(400, fmt::format("two tools define {} in unlike ways", name), "tools");
        known = schema;
      }
      parameters.erase(parameters.find(key));
    }
    calls.push_back(
        {{"type", "object"},
         {"properties", {{"name", {{"const", function["name"]}}}, {"arguments", parameters}}},
         {"required", {"name", "arguments"}},
         {"additionalProperties", false}});
  }
  return calls;
}

std::shared_ptr<const JsonGrammar> call_grammar(const Json& tools, const std::string& only) {
  Json definitions = Json::object();
  Json schema{{"anyOf", call_schema(tools, only, definitions)}};
  if (schema["anyOf"].size() > kMostForcedTools)
    throw ApiError(400,
                   fmt::format("tool_choice can choose among {} tools at most", kMostForcedTools),
                   "tool_choice");
  schema.update(definitions);
  try {
    return std::make_shared<const JsonGrammar>(json_schema_grammar(schema));
  } catch (const Error& error) {
    throw ApiError(400, fmt::format("a tool's parameters cannot be kept to: {}", error.what()),
                   "tools");
  }
}

// "" where the model may choose, "*" for any one, else the function's name; none: nothing.
std::optional<std::string> read_choice(Body& body, const Json& tools) {
  const Json* given = body.find("tool_choice");
  if (given == nullptr) return "";
  if (given->is_string()) {
    static constexpr std::array<std::string_view, 3> kWords{"none", "auto", "required"};
    const std::string word = body.choice("tool_choice", kWords, "");
    if (word == "none") return std::nullopt;
    return word == "required" ? "*" : "";
  }
  auto choice = body.object("tool_choice");
  if (choice->choice("type", kFunction, "").empty()) choice->bad("type", "is missing");
  auto function = choice->object("function");
  if (!function) choice->bad("function", "is missing");
  const auto name = function->string("name");
  check_name(*function, name);
  function->check_all_known();
  choice->check_all_known();
  const bool is_there = std::ranges::any_of(
      tools, [&](const Json& tool) { return tool["function"]["name"] == *name; });
  if (!is_there) function->bad("name", "is none of the tools'");
  return name;
}

}  // namespace

Json read_tools(Body& body, const Model& model) {
  const Json* tools = body.find("tools");
  if (tools == nullptr || (tools->is_array() && tools->empty())) return nullptr;
  if (!tools->is_array() || tools->size() > kMostTools)
    body.bad("tools", fmt::format("must be a list of at most {} tools", kMostTools));
  std::vector<std::string> names;
  for (size_t i = 0; i < tools->size(); ++i) {
    names.push_back(read_tool((*tools)[i], i));
    if (std::ranges::count(names, names.back()) > 1)
      body.bad("tools", fmt::format("holds two functions called {}", names.back()));
  }
  const auto& chat_template = model.loaded().chat_template;
  if (!chat_template || !knows(*chat_template, "tools"))
    body.bad("tools", "cannot be told to this model: its chat template does not know them");
  if (!knows(*chat_template, "<tool_call>") || !knows(*chat_template, "arguments"))
    body.bad("tools",
             "are called by this model in a form that this server does not read: not "
             "<tool_call>{\"name\": ..., \"arguments\": ...}</tool_call>");
  return *tools;
}

ToolUse read_tool_use(Body& body, const Model& model) {
  ToolUse use{.tools = read_tools(body, model)};
  use.one_call = !body.boolean("parallel_tool_calls", true);
  if (use.tools.is_null()) {
    body.only("tool_choice", "none", "needs tools beside it");
    body.only("parallel_tool_calls", true, "needs tools beside it");
    return use;
  }
  const auto choice = read_choice(body, use.tools);
  if (!choice) return {};
  use.reads_calls = true;
  if (!choice->empty()) use.forced = call_grammar(use.tools, *choice == "*" ? "" : *choice);
  return use;
}

Json tool_call_json(const ToolCall& call, int64_t index) {
  Json json = Json::object();
  if (index >= 0) json["index"] = index;
  json["id"] = random_id("call_");
  json["type"] = "function";
  json["function"] = {{"name", call.name}, {"arguments", call.arguments}};
  return json;
}

Json read_past_calls(Body& message, const Json& calls) {
  if (!calls.is_array() || calls.size() > kMostTools)
    message.bad("tool_calls", fmt::format("must be a list of at most {} calls", kMostTools));
  Json out = Json::array();
  for (const Json& given : calls) {
    if (!given.is_object()) message.bad("tool_calls", "holds " + kind_of(given));
    Body call(given, fmt::format("{}[{}].", message.path_of("tool_calls"), out.size()));
    const auto id = call.string("id");
    if (call.choice("type", kFunction, "function").empty()) call.bad("type", "is missing");
    auto function = call.object("function");
    if (!function) call.bad("function", "is missing");
    const auto name = function->string("name");
    check_name(*function, name);
    const auto text = function->string("arguments");
    Json arguments = Json::object();
    if (text && !text->empty()) {
      try {
        arguments = parse_json(*text, "arguments");
      } catch (const Error& error) {
        function->bad("arguments", fmt::format("is no JSON: {}", error.what()));
      }
      if (!arguments.is_object()) function->bad("arguments", "must be a JSON object, as text");
    }
    function->check_all_known();
    call.check_all_known();
    Json made{{"type", "function"}, {"function", {{"name", *name}, {"arguments", arguments}}}};
    if (id) made["id"] = *id;
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace jet::serve
