#include "models/decoder.h"

#include "core/device.h"
#include "core/error.h"
#include "ops/add/add.h"
#include "ops/add_rms_norm/add_rms_norm.h"
#include "ops/embedding/embedding.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/swiglu_linear/swiglu_linear.h"

namespace jet {

Decoder::Decoder(DecoderSpec spec, const TensorSource& tensors, const Preparer& prepare)
    : spec_(std::move(spec)), device_(prepare.device()), numbers_(prepare.numbers()) {
  for (const LayerSpec& layer : spec_.layers) {
    if (device_ != nullptr && !layer.mixer->runs_on_devices()) {
      fail("layer_types: {} runs on the CPU alone, and {} was asked for: --device cpu runs it",
           layer.mixer->kind(), device_->name());
    }
  }
  const TensorSource take = [&](std::string_view name) {
    Tensor tensor = tensors(name);
    weight_bytes_ += tensor.view().bytes();
    return tensor;
  };
  const Tensor words = take("model.embed_tokens.weight");
  embedding_ = spec_.tied_head ? prepare.weight(words) : prepare.table(words);
  for (size_t index = 0; index < spec_.layers.size(); ++index) {
    const std::string prefix = fmt::format("model.layers.{}.", index);
    const TensorSource below = [&](std::string_view name) {
      return take(mixer_prefix(index) + std::string(name));
    };
    layers_.push_back({.mixer_norm = prepare.vector(take(prefix + "input_layernorm.weight")),
                       .mixer = spec_.layers[index].mixer->prepare(below, prepare),
                       .mlp_norm = prepare.vector(take(prefix + "post_attention_layernorm.weight")),
                       .gate = prepare.weight(take(prefix + "mlp.gate_proj.weight")),
                       .up = prepare.weight(take(prefix + "mlp.up_proj.weight")),
                       .down = prepare.weight(take(prefix + "mlp.down_proj.weight"))});
  }
  norm_ = prepare.vector(take("model.norm.weight"));
  head_ = spec_.tied_head ? embedding_ : prepare.weight(take("lm_head.weight"));
}

std::vector<StateSpec> Decoder::states() const {
  std::vector<StateSpec> list;
  for (const LayerSpec& layer : spec_.layers) list.push_back(layer.mixer->state());
  return list;
}

void Decoder::forward(Context& context, const DecoderCall& call) const {
  const Arena::Scope scratch(context.arena);
  const auto rows = static_cast<int64_t>(call.ids.size());
  const Shape stream{rows, spec_.shape.hidden};
  const auto eps = static_cast<float>(spec_.shape.norm_eps);
  const TensorView x = context.arena.tensor(stream, DType::F32);
  const TensorView normed = context.arena.tensor(stream);
  const TensorView mixed = context.arena.tensor(stream);

  embedding(context, {call.ids, embedding_, x, call.batch.on_device.ids});
  if (call.on_hidden) call.on_hidden(0, x);
  rms_norm(context, {x, layers_.front().mixer_norm.view(), eps, normed});
  for (size_t index = 0; index < layers_.size(); ++index) {
    const Layer& layer = layers_[index];
    layer.mixer->forward(context, {normed, call.batch, call.states[index], mixed});
    add_rms_norm(context, {x, mixed, layer.mlp_norm.view(), eps, normed});
    run_mlp(context, layer, normed, mixed);
    if (index + 1 < layers_.size()) {
      add_rms_norm(context, {x, mixed, layers_[index + 1].mixer_norm.view(), eps, normed});
    } else {
      add(context, {x, mixed});
    }
    if (call.on_hidden) call.on_hidden(index + 1, x);
  }
  run_head(context, call, x);
}

// y = down(silu(gate x) * up x)
void Decoder::run_mlp(Context& context, const Layer& layer, ConstTensorView x, TensorView y) const {
  const Arena::Scope scratch(context.arena);
  const TensorView gated = context.arena.tensor(Shape{x.shape[0], layer.gate.out()});
  {
    const Arena::Scope product(context.arena);
    const SwiGluLinear args{x, layer.gate, layer.up, gated};
    swiglu_linear(context, args, context.arena.span(swiglu_linear_workspace(context, args)));
  }
  project_into(context, gated, layer.down, y);
}

void Decoder::run_head(Context& context, const DecoderCall& call, ConstTensorView x) const {
  const auto wanted = static_cast<int64_t>(call.logit_rows.size());
  if (wanted == 0) return;
  const Arena::Scope scratch(context.arena);
  const Shape shape{wanted, spec_.shape.hidden};
  const TensorView last = context.arena.tensor(shape, DType::F32);
  gather_rows(context, {x, call.logit_rows, call.batch.on_device.logit_rows, last});
  const TensorView normed = context.arena.tensor(shape);
  rms_norm(context, {last, norm_.view(), static_cast<float>(spec_.shape.norm_eps), normed});
  project_into(context, normed, head_, call.logits);
}

}  // namespace jet
