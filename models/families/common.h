// What the configs of all families share.
#pragma once

#include "models/decoder_spec.h"

namespace jet {

// Sizes, norm, RoPE, vocabulary, head. `bias` and `qk_norm` of the shape and the layers are left to
// the family. Throws Error on a field that changes the mathematics in a way that is not known.
DecoderSpec parse_common(const Fields& config, std::string_view family);
// The same fields back, in the order in which configs are usually written.
Json write_common(const DecoderSpec& spec);

// `intermediate_size`, the width of every layer's MLP.
int64_t parse_mlp_width(const Fields& config);
// `num_hidden_layers`.
int64_t parse_layer_count(const Fields& config);
// Throws Error unless the field is absent, null or this value.
void expect_value(const Fields& config, std::string_view key, const Json& value);
// A model of full attention in every layer.
void add_attention_layers(const Fields& config, DecoderSpec& spec);

}  // namespace jet
