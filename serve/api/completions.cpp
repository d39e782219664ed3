// /v1/completions: a text is continued.
#include <array>

#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"
#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "serve/api/generation_fields.h"
#include "serve/api/prompt.h"

namespace jet::serve {
namespace {

constexpr int64_t kDefaultTokens = 16;  // OpenAI's
constexpr int64_t kMostTokens = int64_t{1} << 30;

class CompletionFormat : public AnswerFormat {
 public:
  // `echoes`: of each answer, what its text begins with.
  explicit CompletionFormat(std::vector<std::string> echoes) : echoes_(std::move(echoes)) {}

  const char* object(bool) const override { return "text_completion"; }
  Json opening(int64_t index) override {
    const std::string& echo = echoes_[static_cast<size_t>(index)];
    return echo.empty() ? Json(nullptr) : piece(index, echo);
  }
  Json piece(int64_t index, const std::string& text) override {
    return choice(index, text, nullptr);
  }
  Json closing(int64_t index, const Output& output) override {
    return choice(index, "", finish_reason(output));
  }
  Json whole(int64_t index, const Output& output) override {
    return choice(index, echoes_[static_cast<size_t>(index)] + output.text, finish_reason(output));
  }

 private:
  static Json choice(int64_t index, const std::string& text, Json finish) {
    return {{"index", index},
            {"text", text},
            {"logprobs", nullptr},
            {"finish_reason", std::move(finish)}};
  }

  const std::vector<std::string> echoes_;
};

}  // namespace

void complete(const std::shared_ptr<Exchange>& exchange, Body& body, ServedModel& served) {
  const Model& model = served.model();
  GenerationFields fields = read_generation_fields(body, model.loaded().generation);
  const bool echo = body.boolean("echo", false);
  const int64_t tokens = body.integer("max_tokens", 0, kMostTokens).value_or(kDefaultTokens);
  body.only("suffix", "", "is not offered: this model continues a text, it does not fill one in");
  body.only("logprobs", nullptr, "is not offered; leave it out");
  const int64_t best_of = body.integer("best_of", 1, kMostAnswers).value_or(fields.n);
  if (best_of != fields.n) body.bad("best_of", "must equal n");
  const auto prompts = read_prompts(body, "prompt", model);
  body.check_all_known();

  GenerationPlan plan{.id = random_id("cmpl-"),
                      .stream = fields.stream,
                      .include_usage = fields.include_usage,
                      .prompts = static_cast<int64_t>(prompts.size())};
  std::vector<std::string> echoes;
  for (const std::vector<int32_t>& prompt : prompts) {
    check_length(prompt, served);
    for (int64_t i = 0; i < fields.n; ++i) {
      Request request{.prompt = prompt,
                      .max_tokens = tokens,
                      .sampling = fields.sampling,
                      .stop = fields.stop,
                      .stop_at_end = fields.stop_at_end};
      request.sampling.seed += static_cast<uint64_t>(i);
      plan.requests.push_back(std::move(request));
      echoes.push_back(echo ? model.decode(prompt) : "");
    }
  }
  if (plan.requests.size() > static_cast<size_t>(kMostAnswers))
    body.bad("n", "asks for too many answers: prompts times n are more than 128");
  plan.format = std::make_unique<CompletionFormat>(std::move(echoes));
  start_generation(exchange, served, std::move(plan));
}

}  // namespace jet::serve
