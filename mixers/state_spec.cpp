#include "mixers/state_spec.h"

#include "core/checked.h"

namespace jet {

int64_t state_row_bytes(const StatePart& part, const StateTypes& types) {
  const int64_t width = part.row.back();
  if (width == 0) return 0;
  return checked_mul(part.row.elements() / width, row_bytes(types.of(part.use), width));
}

int64_t state_fixed_bytes(const StatePart& part, const StateTypes& types) {
  if (part.growth == StateGrowth::PerToken) return 0;
  return checked_mul(part.rows, state_row_bytes(part, types));
}

}  // namespace jet
