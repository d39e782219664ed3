// Attention with its weights: projections, RoPE, scores over the cache and the step's own rows,
// output projection.
#include "ops/attention/attention.h"

#include <cmath>

#include "mixers/attention/rope_frequencies.h"
#include "mixers/attention/spec.h"
#include "mixers/projection.h"
#include "ops/kv_append/kv_append.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rope/rope.h"

namespace jet {
namespace {

class AttentionMixer final : public Mixer {
 public:
  AttentionMixer(const AttentionSpec& spec, const TensorSource& tensors, const Preparer& prepare)
      : spec_(spec),
        q_(prepare.weight(tensors("q_proj.weight"))),
        k_(prepare.weight(tensors("k_proj.weight"))),
        v_(prepare.weight(tensors("v_proj.weight"))),
        o_(prepare.weight(tensors("o_proj.weight"))),
        frequencies_(prepare.vector(scaled_rope_frequencies(spec.model))) {
    if (spec.model.attention_bias) {
      q_bias_ = prepare.vector(tensors("q_proj.bias"));
      k_bias_ = prepare.vector(tensors("k_proj.bias"));
      v_bias_ = prepare.vector(tensors("v_proj.bias"));
    }
    if (spec.model.qk_norm) {
      q_norm_ = prepare.vector(tensors("q_norm.weight"));
      k_norm_ = prepare.vector(tensors("k_norm.weight"));
    }
  }

  void forward(Context& context, const MixerCall& call) const override {
    const Arena::Scope scratch(context.arena);
    const int64_t rows = call.x.shape[0];
    const ModelShape& m = spec_.model;
    const TensorView q =
        project(context, call.x, q_, Shape{rows, m.heads, m.head_dim}, q_bias_.view());
    const TensorView k =
        project(context, call.x, k_, Shape{rows, m.kv_heads, m.head_dim}, k_bias_.view());
    const TensorView v =
        project(context, call.x, v_, Shape{rows, m.kv_heads, m.head_dim}, v_bias_.view());
    if (m.qk_norm) {
      rms_norm(context, {q, q_norm_.view(), static_cast<float>(m.norm_eps), q});
      rms_norm(context, {k, k_norm_.view(), static_cast<float>(m.norm_eps), k});
    }
    rope(context, {q, frequencies_.view(), call.batch});
    rope(context, {k, frequencies_.view(), call.batch});

    const TensorView& k_cache = call.state[0];
    const TensorView& v_cache = call.state[1];
    const CacheLayout layout = spec_.window == 0 ? CacheLayout::Paged : CacheLayout::Ring;
    const TensorView mixed = context.arena.tensor(Shape{rows, m.heads, m.head_dim});
    const Attention args{.q = q,
                         .k = k,
                         .v = v,
                         .batch = call.batch,
                         .layout = layout,
                         .k_cache = k_cache,
                         .v_cache = v_cache,
                         .window = spec_.window,
                         .scale = 1.0f / std::sqrt(static_cast<float>(m.head_dim)),
                         .y = mixed};
    attention(context, args, context.arena.span(attention_workspace(context, args)));
    kv_append(context, {k, call.batch, layout, k_cache, spec_.window});
    kv_append(context, {v, call.batch, layout, v_cache, spec_.window});

    const ConstTensorView flat{mixed.data, mixed.type, Shape{rows, m.heads * m.head_dim}};
    project_into(context, flat, o_, call.y);
  }

 private:
  AttentionSpec spec_;
  Weight q_, k_, v_, o_;
  Tensor q_bias_, k_bias_, v_bias_;
  Tensor q_norm_, k_norm_;
  Tensor frequencies_;
};

}  // namespace

std::unique_ptr<Mixer> AttentionSpec::prepare(const TensorSource& tensors,
                                              const Preparer& preparer) const {
  return std::make_unique<AttentionMixer>(*this, tensors, preparer);
}

}  // namespace jet
