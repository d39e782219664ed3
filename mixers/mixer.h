// The contract of a token mixer: what a layer does along the sequence.
//   MixerSpec  a value: hyper-parameters, tensors, state, cost
//   Mixer      the same with weights, ready to run
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/context.h"
#include "core/tensor.h"
#include "io/json.h"
#include "mixers/state_spec.h"
#include "mixers/tensor_spec.h"
#include "ops/batch.h"
#include "ops/preparer.h"

namespace jet {

// Stretching of RoPE for contexts beyond the trained one (the config's rope_scaling).
struct RopeScaling {
  enum class Kind { Linear, Llama3 };
  Kind kind = Kind::Linear;
  double factor = 1;
  double low_frequency_factor = 1;   // Llama3
  double high_frequency_factor = 4;  // Llama3
  int64_t original_context = 8192;   // Llama3
  bool operator==(const RopeScaling&) const = default;
};

// What mixers may know of the model around them: the fields of its config that are not theirs
// alone.
struct ModelShape {
  int64_t hidden = 0;    // D
  int64_t heads = 0;     // of attention
  int64_t kv_heads = 0;  // G
  int64_t head_dim = 0;  // d
  double rope_theta = 10000;
  std::optional<RopeScaling> rope_scaling = {};
  bool attention_bias = false;  // on q, k, v
  bool qk_norm = false;         // RMSNorm over d on q and k
  double norm_eps = 1e-6;
  bool operator==(const ModelShape&) const = default;
};

// One call over a step's rows: prompts, parts of prompts and decoding rows alike.
struct MixerCall {
  ConstTensorView x;  // [T, D] float32, normalised
  BatchView batch;
  std::span<const TensorView> state;  // one for each StatePart, for all sequences of the pool
  TensorView y;                       // [T, D] float32; must not alias x
};

class Mixer {
 public:
  virtual ~Mixer() = default;
  // Writes y and brings the state of every sequence of the batch past its rows. Scratch memory from
  // context.arena.
  virtual void forward(Context& context, const MixerCall& call) const = 0;
};

struct MixerCost {
  double flops = 0;
  double bytes = 0;  // weights apart
};

class MixerSpec {
 public:
  virtual ~MixerSpec() = default;
  virtual std::string_view kind() const = 0;  // as in the config's layer_types
  virtual Json config() const = 0;  // its section of efficient_attention_config; {} if none
  virtual std::vector<TensorSpec> tensors() const = 0;  // the only place where they stand
  virtual StateSpec state() const = 0;
  virtual MixerCost cost(int64_t tokens,
                         int64_t context) const = 0;  // of T rows of one sequence after `context`
  // Whether forward reaches x, y and the state through ops alone, so that it runs where the host
  // cannot read them too. Without it a model with this mixer is refused there.
  virtual bool runs_on_devices() const { return false; }
  // Takes the tensors by name, each through the preparer of the device it will run on.
  virtual std::unique_ptr<Mixer> prepare(const TensorSource& tensors,
                                         const Preparer& preparer) const = 0;
};

}  // namespace jet
