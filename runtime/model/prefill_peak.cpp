#include "runtime/model/prefill_peak.h"

#include <algorithm>
#include <map>

#include "core/thread_pool.h"
#include "ops/linear/product_peak.h"

namespace jet {
namespace {

// The type that most bytes of the layers' weights are of.
DType main_type(const Checkpoint& checkpoint) {
  std::map<DType, int64_t> bytes{{DType::F32, 0}};
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (name.starts_with("model.layers.")) bytes[tensor.type()] += tensor.view().bytes();
  }
  return std::ranges::max_element(bytes, {}, [](const auto& each) { return each.second; })->first;
}

}  // namespace

PrefillPeak measure_prefill_peak(const Checkpoint& checkpoint, bool in_float32, int threads) {
  const DType type = in_float32 ? DType::F32 : main_type(checkpoint);
  ThreadPool pool(threads);
  return {.is_int8 = is_quantised(type), .products = measure_product_peak(pool, type)};
}

}  // namespace jet
