// A decoder with its weights: one call runs a step's rows through all layers.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "mixers/mixer.h"
#include "mixers/projection.h"
#include "models/decoder_spec.h"
#include "ops/weight.h"

namespace jet {

// The state of all layers: [layer][part], as the mixers' StateSpecs order them.
using LayerStates = std::vector<std::vector<TensorView>>;

struct DecoderCall {
  std::span<const int32_t> ids;  // [T]
  BatchView batch;
  std::span<const int32_t> logit_rows;  // [L] rows whose logits are wanted, ascending
  const LayerStates& states;
  TensorView logits;  // [L, vocabulary] float32, where the decoder runs
  // Called with 0 and the embeddings, then i and the residual stream after layer i - 1, [T, D]
  // float32 where the decoder runs.
  std::function<void(size_t, ConstTensorView)> on_hidden = {};
};

class Decoder {
 public:
  // Takes every tensor of decoder_tensors(spec) by its full name, through the preparer of the
  // device that it will run on. Throws Error on a missing or misshapen one.
  Decoder(DecoderSpec spec, const TensorSource& tensors, const Preparer& prepare);

  const DecoderSpec& spec() const { return spec_; }
  std::vector<StateSpec> states() const;
  int64_t weight_bytes() const { return weight_bytes_; }
  // Where the weights lie and the forward pass runs: null on the CPU. A context's arena there holds
  // numbers of this type.
  Device* device() const { return device_; }
  DType numbers() const { return numbers_; }

  // Brings the states past the rows and writes the logits. Throws Error on an id outside the
  // vocabulary.
  void forward(Context& context, const DecoderCall& call) const;

 private:
  struct Layer {
    Tensor mixer_norm;  // [D] float32
    std::unique_ptr<Mixer> mixer;
    Tensor mlp_norm;  // [D] float32
    Weight gate, up;  // [F, D]
    Weight down;      // [D, F]
  };

  void run_mlp(Context& context, const Layer& layer, ConstTensorView x, TensorView y) const;
  void run_head(Context& context, const DecoderCall& call, ConstTensorView x) const;

  DecoderSpec spec_;
  Device* device_;
  DType numbers_;
  Weight embedding_;  // [vocabulary, D]
  std::vector<Layer> layers_;
  Tensor norm_;  // [D] float32
  Weight head_;  // [vocabulary, D]: the embedding when tied
  int64_t weight_bytes_ = 0;
};

}  // namespace jet
