// Runs something with each call of the system failing in turn: every failure must be told, and
// leave nothing behind.
#pragma once

#include <functional>

#include "tests/faults/faults.h"

namespace jet::faults {

struct Trial {
  Kind kind = Kind::Memory;
  Extent extent = Extent::Once;
  // Every call that fails, one after the other; above 1 a sample of them.
  int64_t stride = 1;
};

// Runs `body` with call 0 failing, then call `stride`, ... until it runs through without reaching
// the call. Whenever it throws, that must be an Error of one line, or std::bad_alloc for memory;
// what is held (memory, mappings, descriptors) must be what was held before; and `after(threw)`
// is called to look at what is left. Where `body` does not throw, its work must be done: it checks
// its result itself.
void fail_every_call(const Trial& trial, const std::function<void()>& body,
                     const std::function<void(bool threw)>& after = {});

}  // namespace jet::faults
