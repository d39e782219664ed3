// Perplexity over windows of a text.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "runtime/scoring/scorer.h"

namespace jet {
namespace {

constexpr size_t kPiece = 128;  // tokens whose logits are held at a time

// Summed negative log-probability of ids[1..].
double window_loss(Scorer& scorer, std::span<const int32_t> ids) {
  scorer.restart();
  double loss = 0;
  for (size_t begin = 0; begin < ids.size(); begin += kPiece) {
    const auto piece = ids.subspan(begin, std::min(kPiece, ids.size() - begin));
    const ConstTensorView logits = scorer.feed(piece, BatchPlan::Logits::All);
    const auto vocabulary = static_cast<size_t>(logits.shape[1]);
    for (size_t i = 0; i < piece.size() && begin + i + 1 < ids.size(); ++i) {
      loss -= log_probability({logits.f32() + i * vocabulary, vocabulary}, ids[begin + i + 1]);
    }
  }
  return loss;
}

}  // namespace

Perplexity perplexity(Scorer& scorer, std::span<const int32_t> ids, int64_t window, int64_t windows,
                      const std::function<void(int64_t, int64_t)>& progress) {
  if (ids.size() < 2) fail("the text has {} tokens; perplexity needs at least 2", ids.size());
  if (window < 2) fail("a window of {} tokens; perplexity needs at least 2", window);
  const auto length = std::min(static_cast<size_t>(window), ids.size());
  const auto available = static_cast<int64_t>(ids.size() / length);
  if (windows > available)
    fail("{} windows of {} tokens were asked for, the text has {}", windows, length, available);
  const int64_t count = windows == 0 ? available : windows;
  Perplexity result;
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto ids_of_window = ids.subspan(static_cast<size_t>(i) * length, length);
    result.window_losses.push_back(window_loss(scorer, ids_of_window));
    total += result.window_losses.back();
    result.tokens += static_cast<int64_t>(length) - 1;
    if (progress) progress(i + 1, count);
  }
  result.perplexity = std::exp(total / static_cast<double>(result.tokens));
  return result;
}

}  // namespace jet
