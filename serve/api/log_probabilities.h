// Log-probabilities in OpenAI's two forms.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include <jet/request.h>

#include "io/json.h"
#include "text/tokenizer.h"

namespace jet::serve {

// A token as text; one that holds a part of a character as "bytes:\xe2\x80", so that unlike tokens
// have unlike names.
std::string token_name(const Tokenizer& tokenizer, int32_t id);

// Of /v1/completions: parallel lists. A token without a value (a prompt's first) has null in its
// place. The same double stands in token_logprobs and, where the token is among the likeliest, in
// top_logprobs: clients compare them exactly.
class CompletionLogProbabilities {
 public:
  CompletionLogProbabilities(const Tokenizer& tokenizer, int64_t offset);
  void add(int32_t id, const LogProbabilities* values);
  Json take();                                // what was added since, as an object
  int64_t offset() const { return offset_; }  // characters so far

 private:
  const Tokenizer& tokenizer_;
  int64_t offset_;
  Json lists_;
};

// Of /v1/chat/completions: {"token", "logprob", "bytes", "top_logprobs": [...]}.
Json chat_log_probability(const Tokenizer& tokenizer, int32_t id, const LogProbabilities& values);

}  // namespace jet::serve
