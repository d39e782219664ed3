// JetBlock: linear attention with a fixed-size state (Gu et al. 2025, arXiv 2508.15884): a dynamic
// convolution on the values and the gated delta rule.
#pragma once

#include <memory>

#include "mixers/mixer.h"

namespace jet {

// H heads of K key and V value numbers, W taps.
struct JetBlockSpec final : MixerSpec {
  int64_t hidden = 0;     // D
  int64_t heads = 0;      // H
  int64_t key_dim = 0;    // K, the config's head_dim
  double expand_v = 1;    // V = K expand_v, rounded to the nearest integer
  int64_t taps = 4;       // W, the config's conv_size
  int64_t reduction = 8;  // of the generator of taps: D -> H V / reduction -> H V W
  double norm_eps = 1e-5;

  int64_t value_dim() const;
  int64_t generator_width() const { return heads * value_dim() / reduction; }

  std::string_view kind() const override { return "jet"; }
  bool runs_on_devices() const override { return true; }
  Json config() const override;
  std::vector<TensorSpec> tensors() const override;
  StateSpec state() const override;  // recurrent [H, K, V]; conv: the last W - 1 rows of [H V]
  MixerCost cost(int64_t tokens, int64_t context) const override;
  std::unique_ptr<Mixer> prepare(const TensorSource& tensors,
                                 const Preparer& preparer) const override;
};

std::unique_ptr<const MixerSpec> parse_jet_block(const ModelShape& model, const Fields& section);

}  // namespace jet
