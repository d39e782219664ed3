// JetBlock with its weights.
#include <cmath>

#include "core/hash.h"
#include "mixers/jet/spec.h"
#include "mixers/projection.h"
#include "ops/delta_gates/delta_gates.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/gated_delta_rule/gated_delta_rule.h"
#include "ops/gated_rms_norm/gated_rms_norm.h"
#include "ops/jet_step/jet_step.h"
#include "ops/silu_l2_norm/silu_l2_norm.h"

namespace jet {
namespace {

class JetBlock final : public Mixer {
 public:
  JetBlock(const JetBlockSpec& spec, const TensorSource& tensors, const Preparer& prepare)
      : inputs_(inputs(spec, tensors, prepare)),
        taps_{prepare.weight(tensors("dynamic_conv1d.kernel_generator.w2.weight")),
              {spec.heads * spec.value_dim(), spec.taps},
              prepare.bias(tensors("dynamic_conv1d.kernel_generator.w2.bias"))},
        output_(prepare.weight(tensors("o_proj.weight"))),
        a_log_(prepare.vector(tensors("A_log"))),
        dt_bias_(prepare.vector(tensors("dt_bias"))),
        o_norm_(prepare.vector(tensors("o_norm.weight"))),
        seed_(seed_of(tensors("A_log"))),
        norm_eps_(static_cast<float>(spec.norm_eps)) {}

  void forward(Context& context, const MixerCall& call) const override {
    const Arena::Scope scratch(context.arena);
    const auto [q, k, u, gate, hidden, a, b] = inputs_(context, call.x);
    const TensorView taps = project(context, hidden, taps_);
    const TensorView mixed = context.arena.tensor(gate.shape);
    const JetStep step{.q = q,
                       .k = k,
                       .u = u,
                       .taps = taps,
                       .a = a,
                       .b = b,
                       .gate = gate,
                       .a_log = a_log_.view(),
                       .dt_bias = dt_bias_.view(),
                       .o_norm = o_norm_.view(),
                       .norm_eps = norm_eps_,
                       .batch = call.batch,
                       .conv_state = call.state[1],
                       .recurrent_state = call.state[0],
                       .y = mixed,
                       .seed = seed_};
    if (is_decoding(call.batch)) {
      jet_step(context, step, context.arena.span(jet_step_workspace(context, step)));
    } else {
      run_prompts(context, step, q, k);
    }
    project_into(context, flat(mixed), output_, call.y);
  }

 private:
  // A number of the layer's own, the same in every run.
  static uint32_t seed_of(const Tensor& a_log) {
    Hash hash;
    const ConstTensorView view = a_log.view();
    hash.add({view.data, static_cast<size_t>(view.bytes())});
    return static_cast<uint32_t>(hash.value());
  }

  static FusedProjection<7> inputs(const JetBlockSpec& spec, const TensorSource& tensors,
                                   const Preparer& prepare) {
    const int64_t heads = spec.heads, keys = spec.key_dim, values = spec.value_dim();
    return FusedProjection<7>({{
        {prepare.weight(tensors("q_proj.weight")), {heads, keys}},
        {prepare.weight(tensors("k_proj.weight")), {heads, keys}},
        {prepare.weight(tensors("v_proj.weight")), {heads * values}},
        {prepare.weight(tensors("g_proj.weight")), {heads, values}},
        {prepare.weight(tensors("dynamic_conv1d.kernel_generator.w1.weight")),
         {spec.generator_width()},
         {},
         Activation::Silu},
        {prepare.exact_weight(tensors("a_proj.weight")), {heads}},
        {prepare.exact_weight(tensors("b_proj.weight")), {heads}},
    }});
  }

  // What jet_step does, for rows of prompts too: each part over all rows before the next. Changes q
  // and k.
  static void run_prompts(Context& context, const JetStep& step, TensorView q, TensorView k) {
    const float unit = 1.0f / std::sqrt(static_cast<float>(q.shape.back()));
    silu_l2_norm(context, {q, unit, step.l2_eps, q});
    silu_l2_norm(context, {k, 1.0f, step.l2_eps, k});

    TensorView v = context.arena.tensor(step.u.shape);
    dynamic_conv(context, {step.u, step.taps, step.batch, step.conv_state, v});
    v.shape = step.gate.shape;

    const TensorView g = context.arena.tensor(step.a.shape, DType::F32);
    const TensorView beta = context.arena.tensor(step.b.shape, DType::F32);
    delta_gates(context, {step.a, step.b, step.a_log, step.dt_bias, g, beta});
    const GatedDeltaRule rule{q, k, v, g, beta, step.batch, step.recurrent_state, step.y};
    gated_delta_rule(context, rule, context.arena.span(gated_delta_rule_workspace(context, rule)));
    gated_rms_norm(context, {step.y, step.gate, step.o_norm, step.norm_eps, step.y});
  }

  FusedProjection<7> inputs_;  // q, k, v, g, the first layer of the generator of taps, a, b
  Projection taps_;
  Weight output_;
  Tensor a_log_, dt_bias_, o_norm_;
  uint32_t seed_;
  float norm_eps_;
};

}  // namespace

std::unique_ptr<Mixer> JetBlockSpec::prepare(const TensorSource& tensors,
                                             const Preparer& preparer) const {
  return std::make_unique<JetBlock>(*this, tensors, preparer);
}

}  // namespace jet
