// The shape and type checks at the head of every op.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"
#include "ops/weight.h"

namespace jet {

// Throws Error "rms_norm: weight is f32 [3], expected f32 [4]".
void expect(std::string_view op, std::string_view field, const ConstTensorView& tensor, DType type,
            const Shape& shape);
// The type of numbers that ops pass one another: float32, on a device bf16 and f16 too. Throws
// Error unless the tensor has such a type and this rank.
DType expect_numbers(const Context& context, std::string_view op, std::string_view field,
                     const ConstTensorView& tensor, int rank);
// Throws Error unless the tensor has this type and rank.
void expect_rank(std::string_view op, std::string_view field, const ConstTensorView& tensor,
                 DType type, int rank);
// Throws Error unless the weight is a matrix of a floating or block type.
void expect_weight(std::string_view op, std::string_view field, const Weight& weight);
// Throws Error unless the batch's arrays fit one another, its rows are `tokens` and no length is
// negative.
void expect_batch(std::string_view op, const BatchView& batch, int64_t tokens);
// Throws Error unless every slot is one of the state's `slots` or -1 (padding).
void expect_slots(std::string_view op, const BatchView& batch, int64_t slots);
// Throws Error unless the tensor is [rows, groups, head_dim] of float32, bf16, f16, kFloat8 or Q8_0
// (whose blocks head_dim must be a multiple of), and its rows are as the layout wants them: whole
// pages and a table that fits the batch, or whole rings that hold every slot of the batch.
void expect_cache(std::string_view op, std::string_view field, const ConstTensorView& cache,
                  const BatchView& batch, CacheLayout layout, int64_t window, int64_t groups,
                  int64_t head_dim);
// The type of a recurrent state of 4 dimensions: float32, on a device bf16 too. Throws Error unless
// the tensor is one.
DType expect_state(const Context& context, std::string_view op, std::string_view field,
                   const ConstTensorView& tensor);
// Throws Error on a cache's type that is not for where the context runs: Q8_0 is for the CPU,
// kFloat8 for a device.
void expect_cache_of(std::string_view op, const Context& context, DType type);
// Throws Error unless the page table names pages within `cache_rows` for the positions [begin, end)
// of sequence n.
void expect_pages(std::string_view op, const BatchView& batch, int64_t n, int64_t begin,
                  int64_t end, int64_t cache_rows);
// Throws Error unless the workspace has the bytes that the op asked for.
void expect_workspace(std::string_view op, std::span<const std::byte> workspace, int64_t bytes);

}  // namespace jet
