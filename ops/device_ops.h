// The ops that a device implements, as a table: Device::ops. Each function is called by the op of
// its name, which has checked the arguments; tensors lie in the device's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/device.h"

namespace jet {

struct Context;
struct Add;
struct AddRmsNorm;
struct Attention;
struct DeltaGates;
struct DynamicConv;
struct Embedding;
struct GatedDeltaRule;
struct GatedRmsNorm;
struct GatherRows;
struct JetStep;
struct KvAppend;
struct LinearGroup;
struct RmsNorm;
struct Rope;
struct Silu;
struct SiluL2Norm;
struct SwiGlu;
struct SwiGluLinear;

struct DeviceOps {
  void (*add)(Context&, const Add&);
  void (*add_rms_norm)(Context&, const AddRmsNorm&);
  int64_t (*attention_workspace)(const Context&, const Attention&);
  void (*attention)(Context&, const Attention&, std::span<std::byte>);
  void (*delta_gates)(Context&, const DeltaGates&);
  void (*dynamic_conv)(Context&, const DynamicConv&);
  void (*embedding)(Context&, const Embedding&);
  int64_t (*gated_delta_rule_workspace)(const Context&, const GatedDeltaRule&);
  void (*gated_delta_rule)(Context&, const GatedDeltaRule&, std::span<std::byte>);
  void (*gated_rms_norm)(Context&, const GatedRmsNorm&);
  void (*gather_rows)(Context&, const GatherRows&);
  int64_t (*jet_step_workspace)(const Context&, const JetStep&);
  void (*jet_step)(Context&, const JetStep&, std::span<std::byte>);
  void (*kv_append)(Context&, const KvAppend&);
  int64_t (*linear_workspace)(const Context&, const LinearGroup&);
  void (*linear)(Context&, const LinearGroup&, std::span<std::byte>);
  void (*rms_norm)(Context&, const RmsNorm&);
  void (*rope)(Context&, const Rope&);
  void (*silu)(Context&, const Silu&);
  void (*silu_l2_norm)(Context&, const SiluL2Norm&);
  void (*swiglu)(Context&, const SwiGlu&);
  int64_t (*swiglu_linear_workspace)(const Context&, const SwiGluLinear&);
  void (*swiglu_linear)(Context&, const SwiGluLinear&, std::span<std::byte>);
};

}  // namespace jet
