// What a model takes of memory: weights, the states of one sequence, and what a decoding step
// moves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/checkpoint.h"

namespace jet {

// Bytes of one sequence's states, over all layers.
struct StateSizes {
  int64_t recurrent = 0;     // fixed
  int64_t convolution = 0;   // fixed
  int64_t window = 0;        // rings, as long as their windows
  int64_t kv_per_token = 0;  // of what grows

  int64_t at(int64_t context) const;  // Throws Error when the size overflows.
  bool operator==(const StateSizes&) const = default;
};
StateSizes state_sizes(const DecoderSpec& spec, const StateTypes& types);

// The layers that have one kind of mixer.
struct LayerGroup {
  std::string kind;
  std::vector<int64_t> layers;
  int64_t parameters = 0;  // of one layer, MLP and norms included
};
std::vector<LayerGroup> layer_groups(const DecoderSpec& spec);  // in order of first appearance

int64_t stored_bytes(const DecoderSpec& spec);       // of a new checkpoint in the spec's type
int64_t stored_bytes(const Checkpoint& checkpoint);  // of this one

// The model with full attention in every layer: what the hybrid is compared with.
DecoderSpec plain_transformer(const DecoderSpec& spec);

// Bytes that a step of one token for each of `batch` sequences reads and writes at least:
// `weight_bytes` once, fixed states twice, rings and what grows as far as they are filled, and one
// new row of each.
int64_t step_bytes(const DecoderSpec& spec, const StateTypes& types, int64_t weight_bytes,
                   int64_t batch, int64_t context);

}  // namespace jet
