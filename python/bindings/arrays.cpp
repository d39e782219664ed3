#include "python/bindings/arrays.h"

#include <limits>
#include <memory>

#include "core/error.h"

namespace jet::python {
namespace {

template <typename T>
std::vector<int32_t> copy(const IdArray& array) {
  const auto* data = static_cast<const T*>(array.data());
  const int64_t stride = array.stride(0);
  std::vector<int32_t> ids(array.shape(0));
  for (size_t i = 0; i < ids.size(); ++i) {
    const T id = data[static_cast<int64_t>(i) * stride];
    if (id < 0 || id > std::numeric_limits<int32_t>::max())
      fail("input_ids: {} at position {} is no token", id, i);
    ids[i] = static_cast<int32_t>(id);
  }
  return ids;
}

}  // namespace

std::vector<int32_t> ids_of(const IdArray& array) {
  if (array.ndim() != 1) fail("input_ids: {} dimensions, expected 1", array.ndim());
  if (array.dtype() == nb::dtype<int64_t>()) return copy<int64_t>(array);
  if (array.dtype() == nb::dtype<int32_t>()) return copy<int32_t>(array);
  fail("input_ids: expected int32 or int64");
}

FloatMatrix matrix(std::vector<float> numbers, size_t rows, size_t columns) {
  auto owner = std::make_unique<std::vector<float>>(std::move(numbers));
  float* const data = owner->data();
  const nb::capsule capsule(owner.get(),
                            [](void* p) noexcept { delete static_cast<std::vector<float>*>(p); });
  static_cast<void>(owner.release());  // the capsule has it
  return FloatMatrix(data, {rows, columns}, capsule);
}

nb::object view_of(std::span<const int32_t> ids) {
  using View = nb::ndarray<nb::numpy, const int32_t, nb::ndim<1>>;
  return nb::cast(View(ids.data(), {ids.size()}, nb::handle()), nb::rv_policy::reference);
}

nb::object view_of(std::span<float> numbers) {
  using View = nb::ndarray<nb::numpy, float, nb::ndim<1>>;
  return nb::cast(View(numbers.data(), {numbers.size()}, nb::handle()), nb::rv_policy::reference);
}

}  // namespace jet::python
