// Linear layers whose outputs and scratch memory come from the step's arena.
#pragma once

#include <array>
#include <span>
#include <utility>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/linear/linear.h"
#include "ops/weight.h"

namespace jet {

// One linear layer, and the shape that a row of its output is seen in.
struct Projection {
  Weight weight;  // [out, in]
  Shape row;      // sizes that multiply to `out`
  Tensor bias = {};
  Activation activation = Activation::None;
};

// The same numbers as rows of one size: [T, everything else].
TensorView flat(TensorView rows);

// Memory for the output of a projection of T rows: [T, row...], valid until the arena's scope ends.
TensorView projection_output(Context& context, int64_t rows, const Projection& projection);
// x [T, in] to [T, row...].
TensorView project(Context& context, ConstTensorView x, const Projection& projection);
// The same, without bias, into memory of the caller: y [T, out].
void project_into(Context& context, ConstTensorView x, const Weight& weight, TensorView y);
// Memory for the outputs of several: on a device parts of the rows of one tensor, side by side;
// those of a multiple of 8 numbers begin at one.
class ProjectionOutputs {
 public:
  ProjectionOutputs(Context& context, int64_t rows, std::span<const Projection> projections);
  TensorView take(const Projection& projection);  // one after another, in order

 private:
  Context& context_;
  int64_t rows_;
  TensorView all_;  // on a device
  int64_t taken_ = 0;
};

// Several layers over one x [T, in] as one operation.
void project_all(Context& context, ConstTensorView x, std::span<const LinearPart> parts);

// Several linear layers over one input: x is prepared once and the outputs are one split over the
// threads, on a GPU one product.
template <size_t N>
class FusedProjection {
 public:
  explicit FusedProjection(std::array<Projection, N> parts) : parts_(std::move(parts)) {}

  const Projection& operator[](size_t i) const { return parts_[i]; }
  // x [T, in]; output i is [T, parts[i].row...].
  std::array<TensorView, N> operator()(Context& context, ConstTensorView x) const {
    return run(context, x, std::make_index_sequence<N>());
  }

 private:
  template <size_t... I>
  std::array<TensorView, N> run(Context& context, ConstTensorView x,
                                std::index_sequence<I...>) const {
    ProjectionOutputs memory(context, x.shape[0], parts_);
    const std::array<TensorView, N> outputs{memory.take(parts_[I])...};
    const LinearPart layers[] = {
        {parts_[I].weight, parts_[I].bias.view(), flat(outputs[I]), parts_[I].activation}...};
    project_all(context, x, layers);
    return outputs;
  }

  std::array<Projection, N> parts_;
};

}  // namespace jet
