#include "runtime/model/fingerprint.h"

#include <algorithm>

#include "core/hash.h"

namespace jet {

uint64_t fingerprint(const Checkpoint& checkpoint) {
  constexpr int64_t kSamples = 16;
  constexpr int64_t kSampleBytes = 64;
  Hash hash;
  hash.add(decoder_config(checkpoint.spec).dump());
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const ConstTensorView view = tensor.view();
    hash.add(name);
    hash.add(jet::name(view.type));
    hash.add(to_string(view.shape));
    const int64_t last = std::max(int64_t{0}, view.bytes() - kSampleBytes);
    for (int64_t i = 0; i < kSamples; ++i) {
      const int64_t at = last / (kSamples - 1) * i;
      const int64_t count = std::min(kSampleBytes, view.bytes() - at);
      hash.add(std::span(view.data + at, static_cast<size_t>(count)));
    }
    checkpoint.release_pages();  // samples bring whole neighbourhoods with them
  }
  return hash.value();
}

}  // namespace jet
