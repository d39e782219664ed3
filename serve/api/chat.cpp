// /v1/chat/completions: a dialogue is answered.
#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"
#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "serve/api/generation_fields.h"
#include "serve/api/prompt.h"

namespace jet::serve {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 30;  // the context ends before

class ChatFormat : public AnswerFormat {
 public:
  const char* object(bool streams) const override {
    return streams ? "chat.completion.chunk" : "chat.completion";
  }
  Json opening(int64_t index) override {
    return delta(index, {{"role", "assistant"}, {"content", ""}}, nullptr);
  }
  Json piece(int64_t index, const std::string& text) override {
    return delta(index, {{"content", text}}, nullptr);
  }
  Json closing(int64_t index, const Output& output) override {
    return delta(index, Json::object(), finish_reason(output));
  }
  Json whole(int64_t index, const Output& output) override {
    return {{"index", index},
            {"message", {{"role", "assistant"}, {"content", output.text}, {"refusal", nullptr}}},
            {"logprobs", nullptr},
            {"finish_reason", finish_reason(output)}};
  }

 private:
  static Json delta(int64_t index, Json content, Json finish) {
    return {{"index", index},
            {"delta", std::move(content)},
            {"logprobs", nullptr},
            {"finish_reason", std::move(finish)}};
  }
};

}  // namespace

void chat(const std::shared_ptr<Exchange>& exchange, Body& body, ServedModel& served) {
  const Model& model = served.model();
  GenerationFields fields = read_generation_fields(body, model.loaded().generation);
  const auto older = body.integer("max_tokens", 0, kMostTokens);
  const auto newer = body.integer("max_completion_tokens", 0, kMostTokens);
  if (older && newer && *older != *newer)
    body.bad("max_tokens", "differs from max_completion_tokens; give one of them");
  body.only("logprobs", false, "is not offered; leave it out");
  body.only("top_logprobs", nullptr, "is not offered; leave it out");
  body.only("tools", Json::array(), "is not offered; leave it out");
  body.only("tool_choice", "none", "is not offered; leave it out");
  body.only("response_format", Json{{"type", "text"}},
            "is not offered but for {\"type\": \"text\"}");
  const std::string text = render_chat(body, model);
  body.check_all_known();

  std::vector<int32_t> prompt;
  try {
    prompt = model.encode(text);
  } catch (const Error& error) {
    throw ApiError(400, error.what(), "messages");
  }
  check_length(prompt, served);
  GenerationPlan plan{
      .id = random_id("chatcmpl-"), .stream = fields.stream, .include_usage = fields.include_usage};
  for (int64_t i = 0; i < fields.n; ++i) {
    Request request{.prompt = prompt,
                    .max_tokens = newer ? *newer : older.value_or(kMostTokens),
                    .sampling = fields.sampling,
                    .stop = fields.stop,
                    .stop_at_end = fields.stop_at_end};
    request.sampling.seed += static_cast<uint64_t>(i);
    plan.requests.push_back(std::move(request));
  }
  plan.format = std::make_unique<ChatFormat>();
  start_generation(exchange, served, std::move(plan));
}

}  // namespace jet::serve
