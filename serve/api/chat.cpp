// /v1/chat/completions: a dialogue is answered.
#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"
#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "serve/api/generation_fields.h"
#include "serve/api/log_probabilities.h"
#include "serve/api/prompt.h"
#include "serve/api/response_format.h"
#include "serve/api/tools.h"

namespace jet::serve {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 30;  // the context ends before

struct ChatStyle {
  const Tokenizer* tokenizer = nullptr;  // for log-probabilities; null: none are asked for
  bool reads_calls = false;              // of tools
  std::string opening = {};              // of a forced call, which the prompt ends with
  int64_t answers = 1;
};

class ChatFormat : public AnswerFormat {
 public:
  explicit ChatFormat(ChatStyle style) : style_(std::move(style)) {
    if (!style_.reads_calls) return;
    streams_.resize(static_cast<size_t>(style_.answers));
    for (Stream& each : streams_) each.reader.push(style_.opening);
  }

  const char* object(bool streams) const override {
    return streams ? "chat.completion.chunk" : "chat.completion";
  }

  Json opening(int64_t index) override {
    return choice(index, {{"role", "assistant"}, {"content", ""}}, nullptr, nullptr);
  }

  Json piece(int64_t index, const Token& token) override {
    Json delta = Json::object();
    if (style_.reads_calls)
      delta = stream_delta(index, streams_[static_cast<size_t>(index)].reader.push(token.text));
    else if (!token.text.empty())
      delta["content"] = token.text;
    if (style_.tokenizer == nullptr)
      return delta.empty() ? Json(nullptr) : choice(index, std::move(delta), nullptr, nullptr);
    Json list =
        Json::array({chat_log_probability(*style_.tokenizer, token.id, *token.log_probabilities)});
    return choice(index, std::move(delta), {{"content", std::move(list)}}, nullptr);
  }

  Json closing(int64_t index, const Answer& answer) override {
    if (!style_.reads_calls) return choice(index, Json::object(), nullptr, finish_reason(answer));
    ToolCallReader& reader = streams_[static_cast<size_t>(index)].reader;
    Json delta = stream_delta(index, reader.finish());
    return choice(index, std::move(delta), nullptr, finish(answer, reader));
  }

  Json whole(int64_t index, const Answer& answer, const Output&) override {
    Json lists = nullptr;
    if (style_.tokenizer != nullptr) {
      lists = {{"content", Json::array()}};
      for (size_t i = 0; i < answer.ids.size(); ++i)
        lists["content"].push_back(
            chat_log_probability(*style_.tokenizer, answer.ids[i], answer.log_probabilities[i]));
    }
    ToolCallReader reader;
    Json message{{"role", "assistant"}, {"content", answer.text}, {"refusal", nullptr}};
    if (style_.reads_calls) read_calls(reader, answer, message);
    return {{"index", index},
            {"message", std::move(message)},
            {"logprobs", std::move(lists)},
            {"finish_reason", finish(answer, reader)}};
  }

 private:
  struct Stream {
    ToolCallReader reader;
    int64_t calls = 0;  // sent
  };

  static std::string finish(const Answer& answer, const ToolCallReader& reader) {
    return reader.has_calls() && answer.finish == FinishReason::Stop ? "tool_calls"
                                                                     : finish_reason(answer);
  }

  void read_calls(ToolCallReader& reader, const Answer& answer, Json& message) const {
    reader.push(style_.opening);
    ToolText text = reader.push(answer.text);
    const ToolText rest = reader.finish();
    text.calls.insert(text.calls.end(), rest.calls.begin(), rest.calls.end());
    text.content += rest.content;
    message["content"] = text.content;
    if (text.calls.empty()) return;
    if (text.content.empty()) message["content"] = nullptr;
    message["tool_calls"] = Json::array();
    for (const ToolCall& call : text.calls)
      message["tool_calls"].push_back(tool_call_json(call, -1));
  }

  Json stream_delta(int64_t index, const ToolText& text) {
    Json delta = Json::object();
    if (!text.content.empty()) delta["content"] = text.content;
    for (const ToolCall& call : text.calls)
      delta["tool_calls"].push_back(
          tool_call_json(call, streams_[static_cast<size_t>(index)].calls++));
    return delta;
  }

  static Json choice(int64_t index, Json delta, Json lists, Json finish) {
    return {{"index", index},
            {"delta", std::move(delta)},
            {"logprobs", std::move(lists)},
            {"finish_reason", std::move(finish)}};
  }

  const ChatStyle style_;
  std::vector<Stream> streams_;  // of each answer
};

std::vector<int32_t> encode_dialogue(Body& body, const Model& model, const ToolUse& use) {
  std::string text = render_chat(body, model, use.tools);
  if (use.forced != nullptr) text += kCallOpening;
  try {
    return model.encode(text);
  } catch (const Error& error) {
    throw ApiError(400, error.what(), "messages");
  }
}

}  // namespace

void chat(const std::shared_ptr<Exchange>& exchange, Body& body, ServedModel& served) {
  const Model& model = served.model();
  const GenerationFields fields = read_generation_fields(body, model);
  const auto older = body.integer("max_tokens", 0, kMostTokens);
  const auto newer = body.integer("max_completion_tokens", 0, kMostTokens);
  if (older && newer && *older != *newer)
    body.bad("max_tokens", "differs from max_completion_tokens; give one of them");
  const bool log_probabilities = body.boolean("logprobs", false);
  const auto top = body.integer("top_logprobs", 0, kMostLogProbabilities);
  if (top && !log_probabilities) body.bad("top_logprobs", "needs logprobs: true beside it");
  const ToolUse use = read_tool_use(body, model);
  const auto grammar = read_response_format(body);
  if (grammar != nullptr && use.reads_calls)
    body.bad("response_format", "does not go with tools; set tool_choice to none");
  const std::vector<int32_t> prompt = encode_dialogue(body, model, use);
  body.check_all_known();
  check_length(prompt, served);

  GenerationPlan plan{.id = random_id("chatcmpl-"),
                      .stream = fields.stream,
                      .include_usage = fields.include_usage,
                      .answers = fields.n};
  Request request = make_request(fields, prompt, newer ? *newer : older.value_or(kMostTokens));
  request.log_probabilities = log_probabilities ? top.value_or(0) : -1;
  if (use.one_call) request.stop.emplace_back(kCallClosing);
  if (use.forced != nullptr)
    add_requests(plan, std::move(request), served, use.forced, "tool_choice");
  else
    add_requests(plan, std::move(request), served, grammar);
  plan.format = std::make_unique<ChatFormat>(
      ChatStyle{.tokenizer = log_probabilities ? &*model.loaded().tokenizer : nullptr,
                .reads_calls = use.reads_calls,
                .opening = std::string(use.forced != nullptr ? kCallOpening : ""),
                .answers = fields.n});
  start_generation(exchange, served, std::move(plan));
}

}  // namespace jet::serve
