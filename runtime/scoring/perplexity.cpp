// Perplexity over windows of a text.
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "runtime/scoring/scorer.h"

namespace jet {
namespace {

constexpr size_t kPiece = 128;  // tokens whose logits are held at a time

// Summed negative log-probability of ids[1..]; nothing where `goes_on(tokens)` says no.
std::optional<double> window_loss(Scorer& scorer, std::span<const int32_t> ids,
                                  const std::function<bool(size_t)>& goes_on) {
  scorer.restart();
  double loss = 0;
  for (size_t begin = 0; begin < ids.size(); begin += kPiece) {
    const auto piece = ids.subspan(begin, std::min(kPiece, ids.size() - begin));
    const ConstTensorView logits = scorer.feed(piece, BatchPlan::Logits::All);
    const auto vocabulary = static_cast<size_t>(logits.shape[1]);
    for (size_t i = 0; i < piece.size() && begin + i + 1 < ids.size(); ++i) {
      loss -= log_probability({logits.f32() + i * vocabulary, vocabulary}, ids[begin + i + 1]);
    }
    if (!goes_on(begin + piece.size())) return std::nullopt;
  }
  return loss;
}

}  // namespace

Perplexity perplexity(Scorer& scorer, std::span<const int32_t> ids, int64_t window, int64_t windows,
                      const std::function<bool(int64_t, int64_t)>& progress) {
  if (ids.size() < 2) fail("the text has {} tokens; perplexity needs at least 2", ids.size());
  if (window < 2) fail("a window of {} tokens; perplexity needs at least 2", window);
  const auto length = std::min(static_cast<size_t>(window), ids.size());
  const auto available = static_cast<int64_t>(ids.size() / length);
  const int64_t count = windows == 0 ? available : std::min(windows, available);
  Perplexity result;
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    const size_t begin = static_cast<size_t>(i) * length;
    const auto loss = window_loss(scorer, ids.subspan(begin, length), [&](size_t tokens) {
      return !progress ||
             progress(static_cast<int64_t>(begin + tokens), count * static_cast<int64_t>(length));
    });
    if (!loss) break;
    result.window_losses.push_back(*loss);
    total += *loss;
    result.tokens += static_cast<int64_t>(length) - 1;
  }
  result.perplexity = std::exp(total / static_cast<double>(result.tokens));
  return result;
}

}  // namespace jet
