// /v1/completions: a text is continued.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/model/loaded_model.h"
#include "serve/api/endpoints.h"
#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "serve/api/generation_fields.h"
#include "serve/api/log_probabilities.h"
#include "serve/api/prompt.h"
#include "serve/api/response_format.h"
#include "text/utf8.h"

namespace jet::serve {
namespace {

constexpr int64_t kDefaultTokens = 16;  // OpenAI's
constexpr int64_t kMostTokens = int64_t{1} << 30;

struct CompletionStyle {
  const Tokenizer* tokenizer = nullptr;  // for log-probabilities; null: none are asked for
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::string> echoes = {};  // of each prompt, what its answers begin with
  int64_t answers = 1;                   // of each prompt
  bool drops_answer = false;             // the prompt's own log-probabilities alone are wanted
};

int64_t characters(std::string_view text) {
  return std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; });
}

class CompletionFormat : public AnswerFormat {
 public:
  explicit CompletionFormat(CompletionStyle style) : style_(std::move(style)) {
    if (style_.tokenizer == nullptr) return;
    for (const std::string& echo : style_.echoes)
      for (int64_t i = 0; i < style_.answers; ++i)
        streamed_.emplace_back(*style_.tokenizer, characters(echo));
  }

  const char* object(bool) const override { return "text_completion"; }

  Json opening(int64_t index) override {
    const std::string& echo = echo_of(index);
    return echo.empty() ? Json(nullptr) : choice(index, echo, nullptr, nullptr);
  }

  Json piece(int64_t index, const Token& token) override {
    if (style_.tokenizer == nullptr)
      return token.text.empty() ? Json(nullptr) : choice(index, token.text, nullptr, nullptr);
    CompletionLogProbabilities& list = streamed_[static_cast<size_t>(index)];
    list.add(token.id, token.log_probabilities);
    return choice(index, token.text, list.take(), nullptr);
  }

  Json closing(int64_t index, const Answer& answer) override {
    return choice(index, "", nullptr, finish_reason(answer));
  }

  Json whole(int64_t index, const Answer& answer, const Output& output) override {
    std::string text = echo_of(index);
    if (!style_.drops_answer) text += answer.text;
    return choice(index, text, lists(index, answer, output), finish_reason(answer));
  }

 private:
  size_t prompt_of(int64_t index) const { return static_cast<size_t>(index / style_.answers); }
  const std::string& echo_of(int64_t index) const { return style_.echoes[prompt_of(index)]; }

  Json lists(int64_t index, const Answer& answer, const Output& output) const {
    if (style_.tokenizer == nullptr) return nullptr;
    const std::string& echo = echo_of(index);
    CompletionLogProbabilities list(*style_.tokenizer, 0);
    const std::vector<int32_t>& prompt = style_.prompts[prompt_of(index)];
    for (size_t i = 0; !echo.empty() && i < prompt.size(); ++i)
      list.add(prompt[i], i == 0 ? nullptr : &output.prompt_log_probabilities[i - 1]);
    for (size_t i = 0; !style_.drops_answer && i < answer.ids.size(); ++i)
      list.add(answer.ids[i], &answer.log_probabilities[i]);
    return list.take();
  }

  static Json choice(int64_t index, const std::string& text, Json lists, Json finish) {
    return {{"index", index},
            {"text", text},
            {"logprobs", std::move(lists)},
            {"finish_reason", std::move(finish)}};
  }

  const CompletionStyle style_;
  std::vector<CompletionLogProbabilities> streamed_;  // of each answer
};

}  // namespace

void complete(const std::shared_ptr<Exchange>& exchange, Body& body, ServedModel& served) {
  const Model& model = served.model();
  const LoadedModel& loaded = model.loaded();
  const GenerationFields fields = read_generation_fields(body, model);
  const bool echo = body.boolean("echo", false);
  const auto log_probabilities = body.integer("logprobs", 0, kMostLogProbabilities);
  int64_t tokens = body.integer("max_tokens", 0, kMostTokens).value_or(kDefaultTokens);
  body.only("suffix", "", "is not offered: this model continues a text, it does not fill one in");
  const auto grammar = read_response_format(body);
  CompletionStyle style{
      .tokenizer = nullptr, .prompts = read_prompts(body, "prompt", model), .answers = fields.n};
  const int64_t best_of = body.integer("best_of", 1, kMostAnswers).value_or(fields.n);
  if (best_of < fields.n) body.bad("best_of", fmt::format("is {}, less than n", best_of));
  if (best_of > fields.n && fields.stream)
    body.bad("best_of", "cannot be streamed: which answer is best is known at the end");
  body.check_all_known();
  if (static_cast<int64_t>(style.prompts.size()) * best_of > kMostAnswers)
    body.bad(best_of > fields.n ? "best_of" : "n",
             "asks for too many answers: times the prompts more than 128");
  if (log_probabilities) {
    if (!loaded.tokenizer) body.bad("logprobs", "needs a tokenizer, which this model has not");
    if (echo && fields.stream) body.bad("logprobs", "of an echoed prompt cannot be streamed");
    style.tokenizer = &*loaded.tokenizer;
    style.drops_answer = echo && tokens == 0;
    if (style.drops_answer) tokens = 1;
  }

  GenerationPlan plan{.id = random_id("cmpl-"),
                      .stream = fields.stream,
                      .include_usage = fields.include_usage,
                      .prompts = static_cast<int64_t>(style.prompts.size()),
                      .answers = best_of,
                      .best = best_of > fields.n ? fields.n : 0,
                      .drops_answer = style.drops_answer};
  for (const std::vector<int32_t>& prompt : style.prompts) {
    check_length(prompt, served);
    Request request = make_request(fields, prompt, tokens);
    request.answers = best_of;
    request.log_probabilities = log_probabilities.value_or(best_of > fields.n ? 0 : -1);
    request.prompt_log_probabilities = echo && log_probabilities;
    add_requests(plan, std::move(request), served, grammar);
    style.echoes.push_back(echo ? model.decode(prompt) : "");
  }
  plan.format = std::make_unique<CompletionFormat>(std::move(style));
  start_generation(exchange, served, std::move(plan));
}

}  // namespace jet::serve
