// The tiny fixtures of tests/data: random float32 checkpoints with what the published modelling
// code computes.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "models/checkpoint.h"
#include "models/decoder.h"

namespace jet::testing {

struct Fixture {
  explicit Fixture(const std::string& name)
      : directory(std::filesystem::path(JET_SOURCE_DIR) / "tests/data" / name),
        checkpoint(open_checkpoint(directory)),
        decoder(checkpoint.spec, checkpoint.source(), ReferencePreparer()) {
    for (NamedTensor& named : read_safetensors(directory / "expected.safetensors").tensors) {
      expected[named.name] = std::move(named.tensor);
    }
  }

  // Row `index` of the first axis of an int32 tensor.
  std::vector<int32_t> ids(const std::string& name, int64_t index) const {
    const ConstTensorView view = expected.at(name).view();
    const auto* data = reinterpret_cast<const int32_t*>(view.data) + index * view.shape[1];
    return {data, data + view.shape[1]};
  }
  // The numbers of entry `index` of the first axis of a float32 tensor.
  std::span<const float> values(const std::string& name, int64_t index) const {
    const ConstTensorView view = expected.at(name).view();
    const auto each = static_cast<size_t>(view.shape.elements() / view.shape[0]);
    return {view.f32() + static_cast<size_t>(index) * each, each};
  }
  int64_t sequences() const { return expected.at("prompt").shape()[0]; }

  std::filesystem::path directory;
  Checkpoint checkpoint;
  Decoder decoder;
  std::map<std::string, Tensor> expected;
};

inline std::span<const float> floats(ConstTensorView view) {
  return {view.f32(), static_cast<size_t>(view.shape.elements())};
}

// Largest |a - b|; NaN when either holds one.
inline double distance(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(d <= largest)) largest = d;
  }
  return largest;
}

}  // namespace jet::testing
