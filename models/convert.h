// A checkpoint's tensors in another type.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/thread_pool.h"
#include "models/checkpoint.h"

namespace jet {

// Counts numbers converted; it may throw to stop.
using OnProgress = std::function<void(int64_t done, int64_t all)>;

// Converts every tensor to f32, f16 or bf16, block formats included; those whose TensorSpec asks
// for float32 become that. The config and the spec say the new type. Throws Error naming the tensor
// on a number that f16 cannot hold.
void convert_tensors(Checkpoint& checkpoint, DType type, ThreadPool& threads,
                     const OnProgress& progress = {});

struct TensorType {
  std::string name;
  DType type;
};
// Converts the tensors named, in that order; the others stay as they are.
void convert_tensors(Checkpoint& checkpoint, std::span<const TensorType> plan, ThreadPool& threads,
                     const OnProgress& progress);

// Writes the type into a config.json, as the field that is there or as torch_dtype.
void set_stored_type(Json& config, DType type);

// Gives the checkpoint another tokenizer and its chat template. Throws Error when it has more
// tokens than the model.
void set_text_files(Checkpoint& checkpoint, const TextFiles& text, std::string_view where);

// Name of the first tensor in a block format; empty when there is none.
std::string first_quantised(const Checkpoint& checkpoint);

}  // namespace jet
