// What an operation runs on: the threads and the scratch memory. Passed explicitly; there are no
// globals.
#pragma once

#include "core/arena.h"
#include "core/thread_pool.h"

namespace jet {

struct Context {
  ThreadPool& threads;
  Arena& arena;  // for mixers and the decoder; ops take their workspace as an argument
};

}  // namespace jet
