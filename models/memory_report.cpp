#include "models/memory_report.h"

#include <algorithm>

#include "core/checked.h"
#include "mixers/registry.h"
#include "models/family.h"

namespace jet {
namespace {

// Bytes of a part's rows in one sequence of `context` tokens.
int64_t filled_bytes(const StatePart& part, const StateTypes& types, int64_t context) {
  const int64_t rows =
      part.growth == StateGrowth::PerToken ? context : std::min(context, part.rows);
  return checked_mul(rows, state_row_bytes(part, types));
}

int64_t tensor_bytes(const TensorSpec& tensor, DType stored) {
  return checked_mul(tensor.shape.elements(), block_bytes(tensor.float32 ? DType::F32 : stored));
}

}  // namespace

int64_t StateSizes::at(int64_t context) const {
  const int64_t fixed = checked_add(recurrent, checked_add(convolution, window));
  return checked_add(fixed, checked_mul(kv_per_token, context));
}

StateSizes state_sizes(const DecoderSpec& spec, const StateTypes& types) {
  StateSizes sizes;
  for (const LayerSpec& layer : spec.layers) {
    for (const StatePart& part : layer.mixer->state()) {
      if (part.growth == StateGrowth::PerToken) {
        sizes.kv_per_token += state_row_bytes(part, types);
      } else {
        int64_t& sum = part.growth == StateGrowth::Ring    ? sizes.window
                       : part.use == StateUse::Convolution ? sizes.convolution
                                                           : sizes.recurrent;
        sum = checked_add(sum, state_fixed_bytes(part, types));
      }
    }
  }
  return sizes;
}

std::vector<LayerGroup> layer_groups(const DecoderSpec& spec) {
  std::vector<LayerGroup> groups;
  for (size_t index = 0; index < spec.layers.size(); ++index) {
    const std::string kind(spec.layers[index].mixer->kind());
    auto group = std::ranges::find(groups, kind, &LayerGroup::kind);
    if (group == groups.end()) {
      groups.push_back({kind, {}, parameter_count(spec.layers[index], spec)});
      group = groups.end() - 1;
    }
    group->layers.push_back(static_cast<int64_t>(index));
  }
  return groups;
}

int64_t stored_bytes(const DecoderSpec& spec) {
  int64_t total = 0;
  for (const TensorSpec& tensor : decoder_tensors(spec)) {
    total = checked_add(total, tensor_bytes(tensor, spec.stored_type));
  }
  return total;
}

int64_t stored_bytes(const Checkpoint& checkpoint) {
  int64_t total = 0;
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec)) {
    total = checked_add(total, checkpoint.tensors.at(spec.name).view().bytes());
  }
  return total;
}

DecoderSpec plain_transformer(const DecoderSpec& spec) {
  DecoderSpec plain = spec;
  const Json none = Json::object();
  const std::shared_ptr<const MixerSpec> attention =
      find_mixer_kind("attn").parse(spec.shape, Fields(none, "plain transformer"));
  for (LayerSpec& layer : plain.layers) layer.mixer = attention;
  return plain;
}

int64_t step_bytes(const DecoderSpec& spec, const StateTypes& types, int64_t weight_bytes,
                   int64_t batch, int64_t context) {
  int64_t states = 0;
  for (const LayerSpec& layer : spec.layers) {
    for (const StatePart& part : layer.mixer->state()) {
      const bool is_fixed = part.growth == StateGrowth::Fixed;
      const int64_t moved =
          is_fixed ? checked_mul(2, state_fixed_bytes(part, types))
                   : checked_add(filled_bytes(part, types, context), state_row_bytes(part, types));
      states = checked_add(states, moved);
    }
  }
  return checked_add(weight_bytes, checked_mul(batch, states));
}

}  // namespace jet
