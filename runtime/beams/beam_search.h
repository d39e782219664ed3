// Beam search as transformers' generate does it: which continuations run on, which are finished,
// and when to stop. It knows log-probabilities and tokens alone; states are the engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <jet/request.h>

#include "runtime/sampling/filters.h"

namespace jet {

// Sequences are compared by summed log-probability while they run, and by that over
// (chosen tokens)^length_penalty once they are finished. Of max(2, 1 + end tokens) x beams
// candidates a step only the first `beams` may finish; the others keep enough beams running.
class BeamSearch {
 public:
  struct Beam {
    std::vector<int32_t> ids;  // chosen
    double log_probability = 0;
    size_t parent = 0;  // index among the beams that ran before the last step
  };
  struct Finished {
    std::vector<int32_t> ids;
    double score = 0;
    bool at_end = false;  // not merely cut at most_tokens
  };
  // Do these chosen tokens end the text?
  using Ends = std::function<bool(std::span<const int32_t> ids)>;

  // Begins with one beam of no tokens. `most_tokens`: of an answer. `end_tokens`: how many
  // different ones end a text. With a temperature candidates are drawn without replacement.
  BeamSearch(const BeamOptions& options, const Sampling& sampling, int64_t most_tokens,
             size_t end_tokens);

  // One step: rows[i] [vocabulary] holds the processed log-probabilities of running beam i. The
  // random numbers of a draw depend on the seed and `position`, that of the token to choose, alone.
  // Throws Error when every token is forbidden.
  void advance(std::span<const std::span<const float>> rows, int64_t position, const Ends& ends);

  const std::vector<Beam>& running() const { return running_; }        // best first
  const std::vector<Finished>& finished() const { return finished_; }  // best first
  bool done() const { return done_; }  // no running beam can matter any more

 private:
  struct Continuation {
    double key;  // what candidates are chosen by: the log-probability, or a draw's key
    double log_probability;
    size_t parent;
    int32_t token;
  };
  std::vector<Continuation> choose_candidates(std::span<const std::span<const float>> rows,
                                              int64_t position);
  void keep_finished(Finished hypothesis);
  bool can_improve(int64_t length) const;

  BeamOptions options_;
  const Sampling& sampling_;
  int64_t most_tokens_;
  size_t end_tokens_;
  std::vector<Beam> running_{{}};
  std::vector<Finished> finished_;
  std::vector<Candidate> filtered_;
  bool done_ = false;
};

}  // namespace jet
