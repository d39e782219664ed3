// The fields that /v1/completions and /v1/chat/completions share: sampling, stops, counts,
// streaming.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jet/engine.h>

#include "serve/api/body.h"

namespace jet::serve {

constexpr int64_t kMostAnswers = 128;
constexpr int64_t kMostLogProbabilities = 20;
constexpr size_t kMostStops = 64;
constexpr size_t kLongestStop = 1024;  // bytes
constexpr size_t kLongestSalt = 1024;

struct GenerationFields {
  int64_t n = 1;
  std::optional<int64_t> max_tokens;
  Sampling sampling;
  std::vector<std::string> stop;
  bool stop_at_end = true;
  std::string cache_salt;
  bool stream = false;
  bool include_usage = false;  // of a stream
};

// Where the request says nothing the model's generation_config.json holds, as with `jet generate`.
GenerationFields read_generation_fields(Body& body, const Model& model);

// A request for all n answers to a prompt.
Request make_request(const GenerationFields& fields, const std::vector<int32_t>& prompt,
                     int64_t max_tokens);

}  // namespace jet::serve
