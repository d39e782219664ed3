// One request for text in the making: several answers of the engine become one HTTP answer, whole
// or streamed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/json.h"
#include "serve/api/served_model.h"
#include "serve/http/exchange.h"

namespace jet::serve {

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t completion_tokens = 0;
};
Json usage_json(const Usage& usage);

// How an endpoint spells its answers. Lives on the engine's thread once the generation has begun.
// Null: nothing to send.
class AnswerFormat {
 public:
  virtual ~AnswerFormat() = default;
  virtual const char* object(bool streams) const = 0;  // "text_completion"
  // What a stream says of an answer before its first text.
  virtual Json opening(int64_t index) = 0;
  // A token, with the text that became certain by it.
  virtual Json piece(int64_t index, const Token& token) = 0;
  // What a stream says last of an answer.
  virtual Json closing(int64_t index, const Answer& answer) = 0;
  // An answer as a whole; `output` holds it and what is true of all answers to its prompt.
  virtual Json whole(int64_t index, const Answer& answer, const Output& output) = 0;
};

// "stop" or "length", as OpenAI spells them.
std::string finish_reason(const Answer& answer);

struct GenerationPlan {
  std::string id;  // "cmpl-..."
  bool stream = false;
  bool include_usage = false;
  int64_t prompts = 1;
  int64_t answers = 1;  // that are made for each prompt
  // How many of them are sent: those of the largest mean log-probability of a token, the best
  // first. 0: all, in order. Needs requests with log-probabilities, and no stream.
  int64_t best = 0;
  bool drops_answer = false;  // made for the prompt's log-probabilities alone: counts no tokens
  // The prompts in order; each as one request for several answers, or as several requests for one.
  std::vector<Request> requests = {};
  std::unique_ptr<AnswerFormat> format = {};
};

// Throws ApiError 429 where the model's queue is full; else the exchange gets its answer in time.
void start_generation(const std::shared_ptr<Exchange>& exchange, ServedModel& served,
                      GenerationPlan plan);

// "cmpl-" and 24 random hexadecimal digits.
std::string random_id(const std::string& prefix);

}  // namespace jet::serve
