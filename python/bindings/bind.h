// The parts of the module, each bound by the file of its name, in this order: signatures name types
// that are bound before.
#pragma once

#include <nanobind/nanobind.h>

namespace jet::python {

void bind_model(nanobind::module_& module);
void bind_tokenizer(nanobind::module_& module);
void bind_state(nanobind::module_& module);
void bind_request(nanobind::module_& module);
void bind_session(nanobind::module_& module);

}  // namespace jet::python
