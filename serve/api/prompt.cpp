#include "serve/api/prompt.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/model/loaded_model.h"
#include "serve/api/error.h"
#include "serve/api/tools.h"
#include "text/chat_template.h"

namespace jet::serve {
namespace {

constexpr size_t kMostMessages = 10'000;

std::vector<int32_t> encode(Body& body, std::string_view key, const std::string& text,
                            const Model& model) {
  try {
    return model.encode_prompt(text);
  } catch (const Error& error) {
    body.bad(key, fmt::format("cannot be tokenised: {}", error.what()));
  }
}

// A string, or OpenAI's list of parts, of which text alone is read.
std::string content_text(const Json& content, const std::string& where) {
  static constexpr std::array<std::string_view, 1> kText{"text"};
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array())
    throw ApiError(
        400, fmt::format("{} must be a string or a list of parts, not {}", where, kind_of(content)),
        where);
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", where, i);
    if (!content[i].is_object()) throw ApiError(400, path + " must be an object", path);
    Body part(content[i], path + ".");
    if (part.choice("type", kText, "").empty()) part.bad("type", "is missing");
    const auto piece = part.string("text");
    if (!piece) part.bad("text", "is missing");
    part.check_all_known();
    text += *piece;
  }
  return text;
}

Json read_message(const Json& given, size_t index) {
  static constexpr std::array<std::string_view, 5> kRoles{"system", "developer", "user",
                                                          "assistant", "tool"};
  Body message(given, fmt::format("messages[{}].", index));
  const std::string role = message.choice("role", kRoles, "");
  if (role.empty()) message.bad("role", "is missing");
  // Templates know the older name.
  Json out{{"role", role == "developer" ? "system" : role}};
  const Json* content = message.find("content");
  const Json* calls = message.find("tool_calls");
  if (content == nullptr && (role != "assistant" || calls == nullptr))
    message.bad("content", "is missing");
  out["content"] =
      content == nullptr ? "" : content_text(*content, fmt::format("messages[{}].content", index));
  if (calls != nullptr) {
    if (role != "assistant") message.bad("tool_calls", "belongs in a message of the assistant");
    out["tool_calls"] = read_past_calls(message, *calls);
  }
  for (const std::string_view key : {"name", "tool_call_id", "reasoning_content"}) {
    if (const auto text = message.string(key)) out[std::string(key)] = *text;
  }
  message.only("refusal", nullptr, "is not read");
  message.check_all_known();
  return out;
}

Json read_messages(Body& body) {
  const Json* given = body.find("messages");
  if (given == nullptr) body.bad("messages", "is missing");
  if (!given->is_array() || given->empty() || given->size() > kMostMessages)
    body.bad("messages", fmt::format("must be a list of 1 to {} messages", kMostMessages));
  Json messages = Json::array();
  for (size_t i = 0; i < given->size(); ++i) {
    if (!(*given)[i].is_object()) body.bad("messages", fmt::format("[{}] must be an object", i));
    messages.push_back(read_message((*given)[i], i));
  }
  return messages;
}

std::string token_text(const Tokenizer& tokenizer, std::optional<int32_t> id) {
  return id && *id < tokenizer.vocabulary() ? std::string(tokenizer.bytes(*id)) : std::string();
}

}  // namespace

std::vector<int32_t> read_ids(Body& body, std::string_view key, const Json& list,
                              const Model& model) {
  std::vector<int32_t> ids;
  ids.reserve(list.size());
  for (const Json& each : list) {
    if (!each.is_number_integer())
      body.bad(key, fmt::format("holds {}, expected token ids", kind_of(each)));
    const bool fits = each.is_number_unsigned() &&
                      each.get<uint64_t>() < static_cast<uint64_t>(model.vocabulary());
    if (!fits)
      body.bad(key, fmt::format("holds token {}, expected 0 to {}", each.dump(),
                                model.vocabulary() - 1));
    ids.push_back(each.get<int32_t>());
  }
  return ids;
}

std::vector<std::vector<int32_t>> read_prompts(Body& body, std::string_view key,
                                               const Model& model) {
  const Json* given = body.find(key);
  if (given == nullptr) body.bad(key, "is missing");
  if (given->is_string()) return {encode(body, key, given->get<std::string>(), model)};
  if (!given->is_array())
    body.bad(key, fmt::format("is {}, expected text or token ids", kind_of(*given)));
  if (given->empty()) body.bad(key, "is empty");
  if (given->front().is_number()) return {read_ids(body, key, *given, model)};
  if (given->size() > kMostPrompts)
    body.bad(key,
             fmt::format("holds {} prompts, at most {} are taken", given->size(), kMostPrompts));
  std::vector<std::vector<int32_t>> prompts;
  for (const Json& each : *given) {
    if (each.is_string())
      prompts.push_back(encode(body, key, each.get<std::string>(), model));
    else if (each.is_array())
      prompts.push_back(read_ids(body, key, each, model));
    else
      body.bad(key, fmt::format("holds {}, expected texts or lists of token ids", kind_of(each)));
  }
  return prompts;
}

std::string render_chat(Body& body, const Model& model, const Json& tools) {
  const LoadedModel& loaded = model.loaded();
  if (!loaded.tokenizer || !loaded.chat_template)
    throw ApiError(400, "this model has no chat template; use /v1/completions");
  ChatTemplate::Input input;
  input.messages = read_messages(body);
  input.tools = tools;
  if (auto extra = body.object("chat_template_kwargs")) {
    input.extra = *body.find("chat_template_kwargs");
  }
  input.add_generation_prompt = body.boolean("add_generation_prompt", true);
  const TokenizerSpec& spec = loaded.tokenizer->spec();
  input.bos_token = token_text(*loaded.tokenizer, spec.bos);
  input.eos_token = token_text(*loaded.tokenizer,
                               spec.eos.empty() ? std::nullopt : std::optional(spec.eos.front()));
  try {
    return loaded.chat_template->render(input);
  } catch (const Error& error) {
    throw ApiError(400, error.what(), "messages");
  }
}

void check_length(const std::vector<int32_t>& prompt, const ServedModel& served) {
  if (prompt.empty())
    throw ApiError(400, "the prompt is empty; it needs at least one token", "prompt");
  const int64_t limit = served.host->context_length();
  if (static_cast<int64_t>(prompt.size()) < limit + 1) return;
  throw ApiError(400,
                 fmt::format("the prompt has {} tokens, the context of this server holds {}",
                             prompt.size(), limit),
                 "prompt", "context_length_exceeded");
}

}  // namespace jet::serve
