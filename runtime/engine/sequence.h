// One request as the engine keeps it, from submission to its result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <jet/engine.h>

#include "runtime/engine/text_output.h"
#include "runtime/sampling/sampler.h"

namespace jet {

struct Sequence {
  Sequence(RequestId request, Request what, OnToken callback, const Tokenizer* tokenizer)
      : id(request),
        options(std::move(what)),
        on_token(std::move(callback)),
        sampler(options.sampling),
        text(tokenizer, options.stop) {}

  // Tokens that are not in the state yet.
  int64_t pending() const { return static_cast<int64_t>(tokens.size()) - computed; }

  RequestId id;
  Request options;
  OnToken on_token;
  Sampler sampler;
  TextOutput text;
  int32_t slot = -1;            // -1: waiting for admission
  std::vector<int32_t> tokens;  // the context: consumed before, the prompt, and what was chosen
  int64_t computed = 0;         // of tokens, that are in the state
  int64_t prompt_end = 0;       // tokens before the first chosen one
  bool cancelled = false;
  bool done = false;
  double admitted_at = 0;  // seconds on the engine's clock
  double first_token_at = 0;
  Output output;
};

}  // namespace jet
