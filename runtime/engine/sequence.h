// A sequence that runs, and the request it belongs to, from submission to the result.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <jet/request.h>

#include "runtime/beams/beam_search.h"
#include "runtime/engine/text_output.h"
#include "runtime/sampling/processors.h"
#include "runtime/sampling/sampler.h"

namespace jet {

// One answer as it grows, or one running beam.
struct Sequence {
  // Answer `number` of the request, which must outlive it.
  Sequence(const Request& request, int64_t number, const Tokenizer* tokenizer)
      : answer_number(number),
        sampler(request.sampling, request.sampling.seed + static_cast<uint64_t>(number)),
        text(tokenizer, request.stop) {}

  // Tokens that are not in the state yet.
  int64_t pending() const { return static_cast<int64_t>(tokens.size()) - computed; }

  // Room for an answer of `most` tokens after a prompt, so that no step has to ask for it.
  void reserve(int64_t prompt, int64_t most) {
    tokens.reserve(static_cast<size_t>(prompt + most));
    answer.ids.reserve(static_cast<size_t>(most));
    text.reserve(most);
  }

  int64_t answer_number;
  int32_t slot = -1;            // -1: none yet, or none any more
  std::vector<int32_t> tokens;  // the context: consumed before, the prompt, and what was chosen
  int64_t computed = 0;         // of tokens, that are in the state
  bool done = false;
  Sampler sampler;
  TextOutput text;
  Answer answer;
};

// The tokens that end a text of the request, of a model with ends `model_ends`.
inline std::span<const int32_t> ends_of(const Request& request,
                                        std::span<const int32_t> model_ends) {
  if (!request.stop_at_end) return {};
  return request.end_tokens ? std::span<const int32_t>(*request.end_tokens) : model_ends;
}

struct Job {
  Job(RequestId number, Request what, OnToken callback, std::span<const int32_t> model_ends,
      int64_t prompt_tokens)
      : id(number),
        request(std::move(what)),
        on_token(std::move(callback)),
        prompt_end(prompt_tokens),
        ends(ends_of(request, model_ends)),
        processors(request.sampling, request.logits_hook, ends, prompt_tokens) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // Sequences that run when the prompt is computed.
  int64_t width() const { return std::max(request.answers, request.beams.beams); }
  bool has_beams() const { return request.beams.beams > 1; }
  bool admitted() const { return admitted_at > 0; }
  bool ends_at(int32_t token) const { return std::ranges::find(ends, token) != ends.end(); }

  RequestId id;
  Request request;
  OnToken on_token;
  int64_t prompt_end;             // tokens before the first chosen one
  std::span<const int32_t> ends;  // tokens that end a text
  LogitsProcessors processors;
  std::vector<Sequence> sequences;  // one until the prompt is computed, then width() or fewer
  std::vector<int32_t> spare;       // slots with pages, for sequences to come
  std::optional<BeamSearch> search;
  bool is_cold = true;  // the state is that of a prompt computed from its first token
  bool cancelled = false;
  bool is_lost = false;  // it fails, as its state cannot be trusted
  bool done = false;
  double admitted_at = 0;  // seconds on the engine's clock
  double first_token_at = 0;
  Output output;
};

}  // namespace jet
