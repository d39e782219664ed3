// Token ids out of NumPy's and torch's arrays, and numbers into NumPy arrays without a copy.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace jet::python {

namespace nb = nanobind;

// [T] of int32 or int64, in the host's memory.
using IdArray = nb::ndarray<nb::ro, nb::device::cpu>;
using FloatMatrix = nb::ndarray<nb::numpy, float, nb::ndim<2>>;

// Throws Error on another type or more dimensions, and on ids beyond 32 bits.
std::vector<int32_t> ids_of(const IdArray& array);

// [rows, columns], of numbers that are Python's from now on.
FloatMatrix matrix(std::vector<float> numbers, size_t rows, size_t columns);

// Views that are valid as long as what they show.
nb::object view_of(std::span<const int32_t> ids);
nb::object view_of(std::span<float> numbers);

}  // namespace jet::python
