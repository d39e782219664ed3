#include "runtime/scoring/scorer.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace jet {

Scorer::Scorer(const Decoder& decoder, const ScorerOptions& options)
    : decoder_(decoder),
      threads_(options.threads == 0 ? available_threads() : options.threads),
      arena_(decoder.device(), decoder.numbers()),
      pool_(decoder.states(),
            {.context = options.context == 0 ? decoder.spec().max_positions : options.context,
             .types = options.types,
             .device = decoder.device()}),
      logits_(decoder) {
  restart();
}

void Scorer::restart() {
  if (tokens_ > 0) pool_.release(slot_);
  if (const auto slot = pool_.acquire()) slot_ = *slot;
  tokens_ = 0;
}

ConstTensorView Scorer::feed(std::span<const int32_t> ids, BatchPlan::Logits wanted) {
  const int64_t length = tokens_ + static_cast<int64_t>(ids.size());
  if (length > pool_.options().context) {
    fail("{} tokens do not fit the context of {}", length, pool_.options().context);
  }
  for (const int32_t id : ids) {
    if (id < 0 || id >= decoder_.spec().vocabulary)
      fail("{} is no token, expected 0 to {}", id, decoder_.spec().vocabulary - 1);
  }
  const bool has_pages = pool_.reserve(slot_, length);
  JET_CHECK(has_pages);
  plan_.clear();
  plan_.add(pool_, slot_, tokens_, ids, wanted);
  const TensorView logits = logits_.room(static_cast<int64_t>(plan_.logit_rows().size()));
  Context context{threads_, arena_, decoder_.device()};
  decoder_.forward(context, {plan_.ids(), plan_.view(decoder_.device()), plan_.logit_rows(),
                             pool_.states(), logits, on_hidden});
  tokens_ = length;
  return logits_.on_host();
}

double log_probability(std::span<const float> logits, int32_t id) {
  const double largest = *std::ranges::max_element(logits);
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - largest);
  return static_cast<double>(logits[static_cast<size_t>(id)]) - largest - std::log(total);
}

}  // namespace jet
