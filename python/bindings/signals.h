// Ctrl-C while the interpreter's lock is not held.
#pragma once

#include <nanobind/nanobind.h>

namespace jet::python {

// Call without the lock, between two pieces of work. Throws what Python's handler raised.
inline void check_signals() {
  const nanobind::gil_scoped_acquire held;
  if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
}

}  // namespace jet::python
