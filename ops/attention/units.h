// How a step's attention is cut into pieces for threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/attention/attention.h"

namespace jet {

constexpr int64_t kBlockRows = 16;       // rows that share a tile's keys and values
constexpr int64_t kSpanPositions = 256;  // whose result is one term of a row's softmax

// The first position that the row at `position` sees.
inline int64_t first_visible(const Attention& args, int64_t position) {
  return args.window == 0 ? 0 : std::max<int64_t>(0, position - args.window + 1);
}

// Some consecutive rows of one sequence with all heads of some groups, over some spans of
// positions.
struct Unit {
  int64_t sequence;
  int64_t first_group, end_group;
  int64_t first;     // row of the step
  int64_t rows;      // at most kBlockRows
  int64_t position;  // of the first row
  int64_t first_span, end_span;
  bool is_whole;       // these are all spans that the rows see
  int64_t siblings;    // units of the same rows: one a span
  int64_t part;        // if not whole: where its results begin among those of the step,
  int64_t first_part;  // those of the first sibling,
  int64_t counter;     // and the counter that the siblings share
};

// A sequence of at most kBlockRows rows (decoding, above all) is cut by spans, whose part of the
// cache is then read from end to end; a longer one by rows and groups.
class AttentionUnits {
 public:
  explicit AttentionUnits(const Attention& args);

  struct Totals {
    int64_t units = 0;
    int64_t parts = 0;     // results of units that are not whole: one a row and head
    int64_t counters = 0;  // one for each sequence cut by spans
  };
  Totals totals();
  Unit operator[](int64_t index);  // ascending; a smaller index begins again

 private:
  int64_t rows(int64_t sequence) const;
  Unit unit(int64_t sequence, int64_t block) const;
  void enter(int64_t sequence);
  void leave();  // for the next sequence

  const Attention& args_;
  int64_t groups_;
  int64_t heads_;
  int64_t sequence_ = 0;
  int64_t spans_ = 0;  // that the sequence is cut by, 0: cut by rows
  int64_t units_ = 0;  // of the sequence
  Totals before_;      // of earlier sequences
};

}  // namespace jet
