// jet_nemotron._jet: the engine as Python sees it. The package around it (python/jet_nemotron)
// gives it transformers' names.
#include <nanobind/nanobind.h>

#include <jet/error.h>

#include "python/bindings/bind.h"

NB_MODULE(_jet, module) {
  module.doc() = "The engine under jet_nemotron; use the package's own names.";
  const nanobind::exception<jet::Error> error(module, "JetError", PyExc_ValueError);
  jet::python::bind_model(module);
  jet::python::bind_tokenizer(module);
  jet::python::bind_state(module);
  jet::python::bind_request(module);
  jet::python::bind_session(module);
}
