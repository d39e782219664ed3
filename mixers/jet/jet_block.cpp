// JetBlock with its weights.
#include <cmath>

#include "mixers/jet/spec.h"
#include "mixers/projection.h"
#include "ops/delta_gates/delta_gates.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/gated_delta_rule/gated_delta_rule.h"
#include "ops/gated_rms_norm/gated_rms_norm.h"
#include "ops/silu/silu.h"
#include "ops/silu_l2_norm/silu_l2_norm.h"

namespace jet {
namespace {

constexpr float kL2Eps = 1e-6f;

class JetBlock final : public Mixer {
 public:
  JetBlock(const JetBlockSpec& spec, const TensorSource& tensors, const Preparer& prepare)
      : spec_(spec),
        q_(prepare.weight(tensors("q_proj.weight"))),
        k_(prepare.weight(tensors("k_proj.weight"))),
        v_(prepare.weight(tensors("v_proj.weight"))),
        a_(prepare.exact_weight(tensors("a_proj.weight"))),
        b_(prepare.exact_weight(tensors("b_proj.weight"))),
        g_(prepare.weight(tensors("g_proj.weight"))),
        o_(prepare.weight(tensors("o_proj.weight"))),
        w1_(prepare.weight(tensors("dynamic_conv1d.kernel_generator.w1.weight"))),
        w2_(prepare.weight(tensors("dynamic_conv1d.kernel_generator.w2.weight"))),
        w2_bias_(prepare.vector(tensors("dynamic_conv1d.kernel_generator.w2.bias"))),
        a_log_(prepare.vector(tensors("A_log"))),
        dt_bias_(prepare.vector(tensors("dt_bias"))),
        o_norm_(prepare.vector(tensors("o_norm.weight"))) {}

  void forward(Context& context, const MixerCall& call) const override {
    const Arena::Scope scratch(context.arena);
    const int64_t rows = call.x.shape[0];
    const int64_t heads = spec_.heads;
    const Shape keys{rows, heads, spec_.key_dim};
    const Shape values{rows, heads, spec_.value_dim()};
    const int64_t channels = heads * spec_.value_dim();

    // q, k: unit vectors, q scaled by K^-1/2
    const TensorView q = project(context, call.x, q_, keys);
    const TensorView k = project(context, call.x, k_, keys);
    silu_l2_norm(context, {q, 1.0f / std::sqrt(static_cast<float>(spec_.key_dim)), kL2Eps, q});
    silu_l2_norm(context, {k, 1.0f, kL2Eps, k});

    // v: a convolution over time whose taps every token brings along
    const TensorView u = project(context, call.x, v_, Shape{rows, channels});
    const TensorView hidden = project(context, call.x, w1_, Shape{rows, spec_.generator_width()});
    silu(context, {hidden, hidden});
    const TensorView taps =
        project(context, hidden, w2_, Shape{rows, channels, spec_.taps}, w2_bias_.view());
    TensorView v = context.arena.tensor(Shape{rows, channels});
    const TensorView& conv_state = call.state[1];
    dynamic_conv(context, {u, taps, call.batch, conv_state, v});
    v.shape = values;

    // the recurrence
    const TensorView a = project(context, call.x, a_, Shape{rows, heads});
    const TensorView b = project(context, call.x, b_, Shape{rows, heads});
    const TensorView g = context.arena.tensor(Shape{rows, heads}, DType::F32);
    const TensorView beta = context.arena.tensor(Shape{rows, heads}, DType::F32);
    delta_gates(context, {a, b, a_log_.view(), dt_bias_.view(), g, beta});
    const TensorView mixed = context.arena.tensor(values);
    const GatedDeltaRule rule{q, k, v, g, beta, call.batch, call.state[0], mixed};
    gated_delta_rule(context, rule, context.arena.span(gated_delta_rule_workspace(context, rule)));

    // output norm and gate
    const TensorView gate = project(context, call.x, g_, values);
    gated_rms_norm(context,
                   {mixed, gate, o_norm_.view(), static_cast<float>(spec_.norm_eps), mixed});
    const ConstTensorView flat{mixed.data, mixed.type, Shape{rows, channels}};
    project_into(context, flat, o_, call.y);
  }

 private:
  JetBlockSpec spec_;
  Weight q_, k_, v_, a_, b_, g_, o_, w1_, w2_;
  Tensor w2_bias_, a_log_, dt_bias_, o_norm_;
};

}  // namespace

std::unique_ptr<Mixer> JetBlockSpec::prepare(const TensorSource& tensors,
                                             const Preparer& preparer) const {
  return std::make_unique<JetBlock>(*this, tensors, preparer);
}

}  // namespace jet
