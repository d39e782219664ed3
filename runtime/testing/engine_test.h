// What tests of the engine share: tiny models, random prompts, and the scores that a request saw.
#pragma once

#include <string>
#include <vector>

#include <jet/engine.h>

#include "core/random.h"

namespace jet::testing {

// By default on the reference path, where a prompt's cuts change no bit.
inline Model tiny_model(const std::string& name, ComputeType dtype = ComputeType::F32) {
  return Model::load(std::string(JET_SOURCE_DIR) + "/tests/data/" + name, {.dtype = dtype});
}

inline Request greedy_request(std::vector<int32_t> prompt, int64_t tokens) {
  return {.prompt = std::move(prompt), .max_tokens = tokens, .stop_at_end = false};
}

inline std::vector<int32_t> random_prompt(Random& random, int64_t length, int64_t vocabulary) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < length; ++i)
    ids.push_back(static_cast<int32_t>(random.bits() % static_cast<uint32_t>(vocabulary)));
  return ids;
}

// A request whose every row of logits is appended to `seen`.
inline Request watched(Request request, std::vector<float>& seen) {
  request.logits_hook = [&seen](std::span<const int32_t>, std::span<float> logits) {
    seen.insert(seen.end(), logits.begin(), logits.end());
  };
  return request;
}

}  // namespace jet::testing
