// Where a decoder writes logits, and the same numbers on the host.
#pragma once

#include "core/device.h"
#include "core/tensor.h"
#include "models/decoder.h"

namespace jet {

// Keeps its memory from step to step.
class Logits {
 public:
  // The decoder must outlive it.
  explicit Logits(const Decoder& decoder) : decoder_(decoder) {}

  // [rows, vocabulary] float32 for DecoderCall::logits.
  TensorView room(int64_t rows);
  // What the forward pass wrote there, on the host; valid until the next room().
  TensorView on_host();

 private:
  const Decoder& decoder_;
  int64_t rows_ = 0;
  Tensor host_;
  Tensor on_device_;  // where the decoder runs on one
};

}  // namespace jet
