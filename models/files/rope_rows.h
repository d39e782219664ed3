// The order of q's and k's rows: half-split RoPE as in Hugging Face files, interleaved as in GGUF's
// llama files.
#pragma once

#include "core/tensor.h"

namespace jet {

// A copy of weight [heads * d, in] (any type: rows move whole). Interleaved row 2i + j of a head is
// half-split row i + j d/2.
Tensor rows_from_interleaved(const Tensor& weight, int64_t heads);
Tensor rows_to_interleaved(const Tensor& weight, int64_t heads);

}  // namespace jet
