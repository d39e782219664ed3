// A checkpoint's tensors in another type.
#pragma once

#include <functional>
#include <string_view>

#include "models/checkpoint.h"

namespace jet {

// Converts every tensor to f32, f16 or bf16, block formats included; those whose TensorSpec asks
// for float32 become that. The config and the spec say the new type. `progress(done, all)` after
// each tensor; it may throw to stop. Throws Error naming the tensor on a number that f16 cannot
// hold.
void convert_tensors(Checkpoint& checkpoint, DType type,
                     const std::function<void(int64_t, int64_t)>& progress = {});

// Writes the type into a config.json, as the field that is there or as torch_dtype.
void set_stored_type(Json& config, DType type);

// Gives the checkpoint another tokenizer and its chat template. Throws Error when it has more
// tokens than the model.
void set_text_files(Checkpoint& checkpoint, const TextFiles& text, std::string_view where);

// Name of the first tensor in a block format; empty when there is none.
std::string first_quantised(const Checkpoint& checkpoint);

}  // namespace jet
