// Decoding steps on a device as graphs: what a step launches is recorded once and asked for as one.
#pragma once

#include <list>
#include <memory>

#include "core/context.h"
#include "core/device.h"
#include "models/decoder.h"

namespace jet {

class DecodeGraphs {
 public:
  // Decoder::forward. A step of one row a sequence on a device is recorded when its form comes for
  // the second time, and replayed from then on; a form is the number of sequences and logits, the
  // width of the page table, and where the arrays and states lie. The arena must stay the same one.
  // The last kMost forms are kept.
  void forward(const Decoder& decoder, Context& context, const DecoderCall& call);

 private:
  static constexpr size_t kMost = 32;

  struct Form {
    int64_t sequences, pages_per_sequence;
    size_t logit_rows;
    const void* batch;  // on the device
    const void* logits;
    const void* states;
    bool operator==(const Form&) const = default;
  };
  struct Step {
    Form form;
    std::unique_ptr<DeviceGraph> graph;  // null: seen once
  };
  std::list<Step> steps_;  // the last used first
};

}  // namespace jet
