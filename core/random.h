// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): number i of stream s under
// seed k is a pure function of (k, s, i), so a seed means the same numbers on every device, in any
// order and thread count.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace jet {

// The 128 random bits of one counter.
std::array<uint32_t, 4> philox(uint64_t seed, uint64_t stream, uint64_t counter);

// One stream, read in order.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  uint32_t bits();
  double uniform();  // in [0, 1), 53 random bits
  double normal();   // mean 0, deviation 1 (Box-Muller: they come in pairs)

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t counter_ = 0;
  std::array<uint32_t, 4> block_{};
  int left_ = 0;                  // numbers of block_ not yet given out
  std::optional<double> second_;  // of a pair of normals
};

}  // namespace jet
