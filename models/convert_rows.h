// A tensor in another element type, its rows shared out between threads.
#pragma once

#include <functional>
#include <string_view>

#include "core/tensor.h"
#include "core/thread_pool.h"

namespace jet {

// Called now and then with the numbers converted since the last call; it may throw to stop.
using OnConverted = std::function<void(int64_t numbers)>;

// The tensor itself where it has the type already, else a copy. The bytes do not depend on the
// threads. Throws Error naming the tensor on a number that the type cannot hold.
Tensor convert_rows(const Tensor& tensor, DType type, std::string_view name, ThreadPool& threads,
                    const OnConverted& on_converted);

}  // namespace jet
