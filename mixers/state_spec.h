// What a mixer keeps for each sequence, as a value: the state pool makes memory of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace jet {

enum class StateGrowth {
  PerToken,  // one row a token, in pages
  Ring,      // the last `rows` rows
  Fixed,     // `rows` rows, whatever the length
};

// What the rows are for; it decides their type: --kv-dtype, --state-dtype, or that of computing.
enum class StateUse { Attention, Recurrence, Convolution };

struct StatePart {
  std::string name;  // "k", "v", "recurrent", "conv"
  StateGrowth growth = StateGrowth::Fixed;
  StateUse use = StateUse::Attention;
  int64_t rows = 1;  // Ring and Fixed
  Shape row;         // of one row

  bool operator==(const StatePart&) const = default;
};

// One layer's parts. A pool keeps a part of all its sequences in one tensor:
//   PerToken [pages * page_tokens, row...]    Ring [slots * rows, row...]    Fixed [slots, rows,
//   row...]
using StateSpec = std::vector<StatePart>;

// The types a pool stores parts in.
struct StateTypes {
  DType attention = DType::F32;
  DType recurrence = DType::F32;
  DType convolution = DType::F32;

  DType of(StateUse use) const {
    return use == StateUse::Attention    ? attention
           : use == StateUse::Recurrence ? recurrence
                                         : convolution;
  }
};

// Throw Error where the type's blocks do not divide the last size of a row. Bytes of a part's one
// row; of all its rows in one sequence (0 for PerToken).
int64_t state_row_bytes(const StatePart& part, const StateTypes& types);
int64_t state_fixed_bytes(const StatePart& part, const StateTypes& types);

}  // namespace jet
