// /v1/chat/completions: a dialogue is answered.
#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"
#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "serve/api/generation_fields.h"
#include "serve/api/log_probabilities.h"
#include "serve/api/prompt.h"
#include "serve/api/response_format.h"

namespace jet::serve {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 30;  // the context ends before

class ChatFormat : public AnswerFormat {
 public:
  // `tokenizer` is for log-probabilities; null: none are asked for.
  explicit ChatFormat(const Tokenizer* tokenizer) : tokenizer_(tokenizer) {}

  const char* object(bool streams) const override {
    return streams ? "chat.completion.chunk" : "chat.completion";
  }
  Json opening(int64_t index) override {
    return delta(index, {{"role", "assistant"}, {"content", ""}}, nullptr, nullptr);
  }
  Json piece(int64_t index, const Token& token) override {
    if (tokenizer_ == nullptr)
      return token.text.empty() ? Json(nullptr)
                                : delta(index, {{"content", token.text}}, nullptr, nullptr);
    Json list =
        Json::array({chat_log_probability(*tokenizer_, token.id, *token.log_probabilities)});
    return delta(index, {{"content", token.text}}, {{"content", std::move(list)}}, nullptr);
  }
  Json closing(int64_t index, const Answer& answer) override {
    return delta(index, Json::object(), nullptr, finish_reason(answer));
  }
  Json whole(int64_t index, const Answer& answer, const Output&) override {
    Json lists = nullptr;
    if (tokenizer_ != nullptr) {
      lists = {{"content", Json::array()}};
      for (size_t i = 0; i < answer.ids.size(); ++i)
        lists["content"].push_back(
            chat_log_probability(*tokenizer_, answer.ids[i], answer.log_probabilities[i]));
    }
    return {{"index", index},
            {"message", {{"role", "assistant"}, {"content", answer.text}, {"refusal", nullptr}}},
            {"logprobs", std::move(lists)},
            {"finish_reason", finish_reason(answer)}};
  }

 private:
  static Json delta(int64_t index, Json content, Json lists, Json finish) {
    return {{"index", index},
            {"delta", std::move(content)},
            {"logprobs", std::move(lists)},
            {"finish_reason", std::move(finish)}};
  }

  const Tokenizer* tokenizer_;
};

std::vector<int32_t> encode_dialogue(Body& body, const Model& model) {
  const std::string text = render_chat(body, model);
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
  body.only("tools", Json::array(), "is not offered; leave it out");
  body.only("tool_choice", "none", "is not offered; leave it out");
  const auto grammar = read_response_format(body);
  const std::vector<int32_t> prompt = encode_dialogue(body, model);
  body.check_all_known();
  check_length(prompt, served);

  GenerationPlan plan{.id = random_id("chatcmpl-"),
                      .stream = fields.stream,
                      .include_usage = fields.include_usage,
                      .answers = fields.n};
  Request request = make_request(fields, prompt, newer ? *newer : older.value_or(kMostTokens));
  request.log_probabilities = log_probabilities ? top.value_or(0) : -1;
  add_requests(plan, std::move(request), served, grammar);
  plan.format =
      std::make_unique<ChatFormat>(log_probabilities ? &*model.loaded().tokenizer : nullptr);
  start_generation(exchange, served, std::move(plan));
}

}  // namespace jet::serve
