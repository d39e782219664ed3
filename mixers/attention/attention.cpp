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
      : layout_(spec.window == 0 ? CacheLayout::Paged : CacheLayout::Ring),
        window_(spec.window),
        scale_(1.0f / std::sqrt(static_cast<float>(spec.model.head_dim))),
        norm_eps_(static_cast<float>(spec.model.norm_eps)),
        inputs_(inputs(spec, tensors, prepare)),
        output_(prepare.weight(tensors("o_proj.weight"))),
        frequencies_(prepare.vector(scaled_rope_frequencies(spec.model))) {
    if (spec.model.qk_norm) {
      q_norm_ = prepare.vector(tensors("q_norm.weight"));
      k_norm_ = prepare.vector(tensors("k_norm.weight"));
    }
  }

  void forward(Context& context, const MixerCall& call) const override {
    const Arena::Scope scratch(context.arena);
    const auto [q, k, v] = inputs_(context, call.x);
    if (q_norm_) {
      rms_norm(context, {q, q_norm_.view(), norm_eps_, q});
      rms_norm(context, {k, k_norm_.view(), norm_eps_, k});
    }
    rope(context, {q, frequencies_.view(), call.batch});
    rope(context, {k, frequencies_.view(), call.batch});

    const TensorView& k_cache = call.state[0];
    const TensorView& v_cache = call.state[1];
    const TensorView mixed = context.arena.tensor(q.shape);
    const Attention args{.q = q,
                         .k = k,
                         .v = v,
                         .batch = call.batch,
                         .layout = layout_,
                         .k_cache = k_cache,
                         .v_cache = v_cache,
                         .window = window_,
                         .scale = scale_,
                         .y = mixed};
    attention(context, args, context.arena.span(attention_workspace(context, args)));
    kv_append(context, {k, call.batch, layout_, k_cache, window_});
    kv_append(context, {v, call.batch, layout_, v_cache, window_});
    project_into(context, flat(mixed), output_, call.y);
  }

 private:
  static FusedProjection<3> inputs(const AttentionSpec& spec, const TensorSource& tensors,
                                   const Preparer& prepare) {
    const auto layer = [&](const std::string& name, int64_t heads) {
      return Projection{prepare.weight(tensors(name + "_proj.weight")),
                        {heads, spec.model.head_dim}};
    };
    std::array<Projection, 3> parts{layer("q", spec.model.heads), layer("k", spec.model.kv_heads),
                                    layer("v", spec.model.kv_heads)};
    if (spec.model.attention_bias) {  // after the weights, which lie side by side then
      for (size_t i = 0; i < parts.size(); ++i)
        parts[i].bias = prepare.bias(tensors(std::string(1, "qkv"[i]) + "_proj.bias"));
    }
    return FusedProjection<3>(std::move(parts));
  }

  CacheLayout layout_;
  int64_t window_;
  float scale_;
  float norm_eps_;
  FusedProjection<3> inputs_;  // q, k, v
  Weight output_;
  Tensor q_norm_, k_norm_;  // empty where the model has none
  Tensor frequencies_;
};

}  // namespace

std::unique_ptr<Mixer> AttentionSpec::prepare(const TensorSource& tensors,
                                              const Preparer& preparer) const {
  return std::make_unique<AttentionMixer>(*this, tensors, preparer);
}

}  // namespace jet
