// Softmax attention with grouped queries, over all earlier tokens ("attn") or a window of them
// ("swa").
#pragma once

#include <memory>

#include "mixers/mixer.h"

namespace jet {

// D hidden, H heads, G kv heads, d head width.
struct AttentionSpec final : MixerSpec {
  ModelShape model;
  int64_t window = 0;  // 0: all earlier tokens; else token t sees j with t - window < j <= t

  std::string_view kind() const override { return window == 0 ? "attn" : "swa"; }
  bool runs_on_devices() const override { return true; }
  Json config() const override;
  std::vector<TensorSpec> tensors() const override;
  StateSpec state() const override;  // k, v: [G, d] a token, or a ring of the window
  MixerCost cost(int64_t tokens, int64_t context) const override;
  std::unique_ptr<Mixer> prepare(const TensorSource& tensors,
                                 const Preparer& preparer) const override;
};

// Readers for the registry. "swa" needs the field window_size.
std::unique_ptr<const MixerSpec> parse_full_attention(const ModelShape& model,
                                                      const Fields& section);
std::unique_ptr<const MixerSpec> parse_window_attention(const ModelShape& model,
                                                        const Fields& section);

}  // namespace jet
