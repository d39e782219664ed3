// One case of jet bench: a batch of sequences is brought to a depth, then decodes in step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/context.h"
#include "models/decoder.h"
#include "runtime/batch_plan.h"
#include "runtime/decode_graphs.h"
#include "runtime/logits.h"
#include "runtime/state/state_pool.h"

namespace jet::cli {

struct BenchCase {
  int64_t prompt_length = 0;  // prefilled, and timed
  int64_t context = 0;        // or the depth to begin at
  int64_t batch = 1;
  int64_t decode = 32;
  bool synthetic_state = false;  // at `context`: random states instead of a prefill

  int64_t depth() const { return context > 0 ? context : prompt_length; }
};

struct BenchResult {
  double prefill_seconds = 0;        // 0: nothing was prefilled
  std::vector<double> step_seconds;  // ascending
  int64_t state_bytes = 0;           // in use at the end

  double decode_seconds() const;
  double percentile(double share) const;  // of step_seconds, nearest rank; share in (0, 1]
};

class BenchRunner {
 public:
  BenchRunner(const Decoder& decoder, int threads, const StateTypes& types)
      : decoder_(decoder),
        threads_(threads),
        arena_(decoder.device(), decoder.numbers()),
        types_(types),
        logits_(decoder) {}

  // Throws Interrupted, or Error when memory for the states cannot be had.
  BenchResult run(const BenchCase& bench);

 private:
  void prefill(StatePool& pool, std::span<const int32_t> slots, int64_t length);
  void forward(const StatePool& pool);

  const Decoder& decoder_;
  ThreadPool threads_;
  Arena arena_;
  StateTypes types_;
  BatchPlan plan_;
  Logits logits_;
  DecodeGraphs graphs_;
};

// Fills the states of the slots, the pages they hold included, with small random numbers; on a
// device all of the pool.
void fill_states(const Decoder& decoder, const StatePool& pool, std::span<const int32_t> slots);

// Memory of the machine that a program can still have, in bytes.
int64_t available_memory();
// Throws Error where the case's states, logits and prompt take more than `bytes`.
void check_memory(const BenchCase& bench, const Decoder& decoder, const StateTypes& types,
                  int64_t bytes);
// How many sequences `bytes` can hold the states and logits of at the end of the case. Throws Error
// where not even one fits.
int64_t largest_batch(const BenchCase& bench, const Decoder& decoder, const StateTypes& types,
                      int64_t bytes);

}  // namespace jet::cli
