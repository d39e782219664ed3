// One step's rows: which tokens of which sequences run, and whose logits are wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/device.h"
#include "ops/batch.h"
#include "runtime/state/state_pool.h"

namespace jet {

// Built once a step, read by all layers; keeps its memory from step to step.
class BatchPlan {
 public:
  enum class Logits { None, Last, All };

  void clear();
  // Rows `ids` of the sequence in `slot` after `past` computed ones. The pool has pages for them.
  void add(const StatePool& pool, int32_t slot, int64_t past, std::span<const int32_t> ids,
           Logits logits);

  bool empty() const { return ids_.empty(); }
  std::span<const int32_t> ids() const { return ids_; }
  std::span<const int32_t> logit_rows() const { return logit_rows_; }
  // Valid until the next change. For a device the arrays are copied into its memory too.
  BatchView view(Device* device = nullptr);

 private:
  DeviceBatch copy_to(Device& device);

  std::vector<int32_t> ids_;
  std::vector<int32_t> offsets_{0};
  std::vector<int32_t> slots_;
  std::vector<int32_t> past_;
  std::vector<int32_t> logit_rows_;
  std::vector<std::span<const int32_t>> page_lists_;
  std::vector<int32_t> pages_;   // [N, pages of the longest]
  std::vector<int32_t> packed_;  // all arrays, as they are copied to a device
  std::shared_ptr<std::byte> on_device_;
  int64_t on_device_bytes_ = 0;
  int64_t page_tokens_ = 1;
};

}  // namespace jet
