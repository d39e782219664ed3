// What every mixer must hold, for any MixerSpec: prompts equal token by token, a ragged batch
// equals each alone, slots of others and padding rows are left in peace.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "mixers/mixer.h"
#include "ops/testing/op_test.h"

namespace jet::testing {

// A mixer with random weights and state memory for `slots` sequences of up to `context` tokens,
// poisoned with NaN.
class MixerBench {
 public:
  MixerBench(const MixerSpec& spec, int64_t hidden, int64_t slots, int64_t context)
      : hidden_(hidden),
        context_(context),
        op_(2),
        mixer_(spec.prepare([&](std::string_view name) { return weight(spec, name); },
                            ReferencePreparer())) {
    for (const StatePart& part : spec.state()) {
      std::vector<int64_t> sizes;
      if (part.growth == StateGrowth::PerToken) sizes = {slots * pages_each() * kPageTokens};
      if (part.growth == StateGrowth::Ring) sizes = {slots * part.rows};
      if (part.growth == StateGrowth::Fixed) sizes = {slots, part.rows};
      sizes.insert(sizes.end(), part.row.sizes().begin(), part.row.sizes().end());
      Tensor& tensor = memory_.emplace_back(DType::F32, Shape(sizes));
      const auto n = static_cast<size_t>(tensor.shape().elements());
      std::fill_n(tensor.mutable_view().f32(), n, std::numeric_limits<float>::quiet_NaN());
    }
    for (Tensor& tensor : memory_) states_.push_back(tensor.mutable_view());
    past_.assign(static_cast<size_t>(slots), 0);
  }

  struct Part {
    int32_t slot;                   // -1: padding
    std::span<const float> inputs;  // [rows, D]
  };
  // Runs the parts as one batch; the outputs [rows of all, D].
  std::vector<float> run(const std::vector<Part>& parts) {
    std::vector<float> x;
    std::vector<int32_t> offsets{0};
    std::vector<int32_t> slots;
    std::vector<int32_t> past;
    std::vector<int32_t> pages;
    for (const Part& part : parts) {
      x.insert(x.end(), part.inputs.begin(), part.inputs.end());
      offsets.push_back(static_cast<int32_t>(static_cast<int64_t>(x.size()) / hidden_));
      slots.push_back(part.slot);
      past.push_back(part.slot < 0 ? 0 : past_[static_cast<size_t>(part.slot)]);
      for (int64_t page = 0; page < pages_each(); ++page) {
        pages.push_back(part.slot < 0 ? -1 : static_cast<int32_t>(part.slot * pages_each() + page));
      }
    }
    const int64_t rows = offsets.back();
    Guarded y(Shape{rows, hidden_});
    const BatchView batch{offsets, slots, past, pages, pages_each(), kPageTokens};
    mixer_->forward(op_.context, {view_of(std::span<const float>(x), Shape{rows, hidden_}), batch,
                                  states_, y.view()});
    y.check();
    for (size_t n = 0; n < parts.size(); ++n) {
      if (slots[n] >= 0) past_[static_cast<size_t>(slots[n])] += offsets[n + 1] - offsets[n];
    }
    return {y.values().begin(), y.values().end()};
  }

  void restart(int32_t slot) { past_[static_cast<size_t>(slot)] = 0; }

 private:
  static constexpr int64_t kPageTokens = 8;
  int64_t pages_each() const { return (context_ + kPageTokens - 1) / kPageTokens; }

  static Tensor weight(const MixerSpec& spec, std::string_view name) {
    uint64_t stream = 0;
    for (const TensorSpec& tensor : spec.tensors()) {
      ++stream;
      if (tensor.name != name) continue;
      Tensor made(DType::F32, tensor.shape);
      Random random(99, stream);
      float* values = made.mutable_view().f32();
      // Matrices keep the size of what passes through them; vectors lie around 0.5.
      const double deviation = 1 / std::sqrt(static_cast<double>(tensor.shape.back()));
      for (int64_t i = 0; i < tensor.shape.elements(); ++i) {
        values[i] = static_cast<float>(tensor.shape.rank() == 1 ? 0.5 + 0.2 * random.normal()
                                                                : deviation * random.normal());
      }
      return made;
    }
    ADD_FAILURE() << "prepare asked for " << name << ", which tensors() does not list";
    return {};
  }

  int64_t hidden_;
  int64_t context_;
  OpContext op_;
  std::unique_ptr<Mixer> mixer_;
  std::vector<Tensor> memory_;
  std::vector<TensorView> states_;
  std::vector<int32_t> past_;
};

// One sequence of `length` rows: in one call, row by row, and in pieces. `tolerance` 0 asks for the
// same bits.
inline void expect_prefill_equals_steps(const MixerSpec& spec, int64_t hidden, int64_t length,
                                        double tolerance = 0) {
  MixerBench bench(spec, hidden, 2, length);
  const std::vector<float> x = normals(length * hidden, 5);
  const auto rows = [&](int64_t begin, int64_t count) {
    return std::span(x).subspan(static_cast<size_t>(begin * hidden),
                                static_cast<size_t>(count * hidden));
  };
  const std::vector<float> whole = bench.run({{1, rows(0, length)}});
  for (const int64_t piece : {int64_t{1}, int64_t{2}, int64_t{7}, length - 1}) {
    bench.restart(1);
    std::vector<float> parts;
    for (int64_t begin = 0; begin < length; begin += piece) {
      const auto y = bench.run({{1, rows(begin, std::min(piece, length - begin))}});
      parts.insert(parts.end(), y.begin(), y.end());
    }
    ASSERT_EQ(parts.size(), whole.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      ASSERT_NEAR(parts[i], whole[i], tolerance)
          << "pieces of " << piece << ", row " << static_cast<int64_t>(i) / hidden;
    }
  }
}

// Sequences of unlike lengths and a padding row in one batch, twice over, against each sequence in
// a bench of its own.
inline void expect_ragged_batch_equals_alone(const MixerSpec& spec, int64_t hidden) {
  const std::vector<int64_t> first{3, 1, 17, 8};
  const std::vector<int64_t> second{1, 9, 1, 2};
  constexpr int64_t kContext = 32;
  MixerBench together(spec, hidden, 4, kContext);
  MixerBench alone(spec, hidden, 4, kContext);
  uint64_t seed = 1;
  for (const auto& lengths : {first, second}) {
    std::vector<std::vector<float>> inputs;
    for (const int64_t length : lengths) inputs.push_back(normals(length * hidden, seed++));
    const std::vector<float> padding(static_cast<size_t>(hidden), 0.5f);
    // Slots in another order than rows, a padding row between.
    const std::vector<float> y = together.run(
        {{2, inputs[2]}, {0, inputs[0]}, {-1, padding}, {3, inputs[3]}, {1, inputs[1]}});
    size_t at = 0;
    for (const int32_t slot : {2, 0, -1, 3, 1}) {
      if (slot < 0) {
        at += padding.size();
        continue;
      }
      const std::vector<float> expected = alone.run({{slot, inputs[static_cast<size_t>(slot)]}});
      ASSERT_EQ(std::memcmp(y.data() + at, expected.data(), expected.size() * sizeof(float)), 0)
          << "slot " << slot;
      at += expected.size();
    }
  }
}

}  // namespace jet::testing
