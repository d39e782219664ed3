// What an operation runs on: the threads and the scratch memory, or a device. Passed explicitly;
// there are no globals.
#pragma once

#include "core/arena.h"
#include "core/thread_pool.h"

namespace jet {

class Device;

struct Context {
  ThreadPool& threads;
  Arena& arena;              // for mixers and the decoder; ops take their workspace as an argument
  Device* device = nullptr;  // null: the CPU. Else tensors, workspaces and the arena are there
};

}  // namespace jet
