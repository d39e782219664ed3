// Log-probabilities of tokens: the logarithm of the softmax of a row of logits, in float64.
#pragma once

#include <cstdint>
#include <span>

#include <jet/request.h>

namespace jet {

// Logarithm of the sum of exp(logit), in one order.
double log_sum_exp(std::span<const float> logits);

// Of the token `id` and of the `top` likeliest.
LogProbabilities log_probabilities(std::span<const float> logits, int32_t id, int64_t top);

// Turns logits into their log-probabilities.
void log_softmax(std::span<float> logits);

}  // namespace jet
