// Units in ascending order of sequences, then of spans, or of rows and groups.
#include "ops/attention/units.h"

namespace jet {

AttentionUnits::AttentionUnits(const Attention& args)
    : args_(args), groups_(args.k.shape[1]), heads_(args.q.shape[1]) {
  enter(0);
}

int64_t AttentionUnits::rows(int64_t sequence) const {
  const auto n = static_cast<size_t>(sequence);
  return args_.batch.offsets[n + 1] - args_.batch.offsets[n];
}

Unit AttentionUnits::unit(int64_t sequence, int64_t block) const {
  const auto n = static_cast<size_t>(sequence);
  const int64_t start = block * kBlockRows;
  Unit unit{};
  unit.sequence = sequence;
  unit.first = args_.batch.offsets[n] + start;
  unit.rows = std::min(kBlockRows, rows(sequence) - start);
  unit.position = args_.batch.past[n] + start;
  unit.first_span = first_visible(args_, unit.position) / kSpanPositions;
  unit.end_span = (unit.position + unit.rows + kSpanPositions - 1) / kSpanPositions;
  unit.is_whole = true;
  unit.siblings = 1;
  return unit;
}

void AttentionUnits::enter(int64_t sequence) {
  sequence_ = sequence;
  spans_ = units_ = 0;
  if (sequence >= args_.batch.sequences()) return;
  const int64_t count = rows(sequence);
  const bool is_padding = args_.batch.slots[static_cast<size_t>(sequence)] < 0;
  if (count > 0 && count <= kBlockRows && !is_padding) {
    const Unit whole = unit(sequence, 0);
    spans_ = whole.end_span - whole.first_span;
    if (spans_ == 1) spans_ = 0;
  }
  units_ = spans_ > 0 ? spans_ : groups_ * ((count + kBlockRows - 1) / kBlockRows);
}

void AttentionUnits::leave() {
  before_.units += units_;
  if (spans_ > 0) {
    before_.parts += spans_ * rows(sequence_) * heads_;
    before_.counters += 1;
  }
  enter(sequence_ + 1);
}

AttentionUnits::Totals AttentionUnits::totals() {
  while (sequence_ < args_.batch.sequences()) leave();
  return before_;
}

Unit AttentionUnits::operator[](int64_t index) {
  if (index < before_.units) {
    before_ = {};
    enter(0);
  }
  while (index >= before_.units + units_) leave();
  const int64_t local = index - before_.units;
  if (spans_ == 0) {
    Unit found = unit(sequence_, local / groups_);
    found.first_group = local % groups_;
    found.end_group = found.first_group + 1;
    return found;
  }
  Unit found = unit(sequence_, 0);
  found.first_group = 0;
  found.end_group = groups_;
  found.first_span += local;
  found.end_span = found.first_span + 1;
  found.is_whole = false;
  found.siblings = spans_;
  found.first_part = before_.parts;
  found.part = before_.parts + local * found.rows * heads_;
  found.counter = before_.counters;
  return found;
}

}  // namespace jet
