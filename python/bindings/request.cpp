#include "python/bindings/request.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include "python/bindings/arrays.h"
#include "python/bindings/bind.h"
#include "python/bindings/state.h"

namespace jet::python {

void bind_request(nb::module_& module) {
  nb::enum_<EarlyStopping>(module, "EarlyStopping")
      .value("no", EarlyStopping::No)
      .value("yes", EarlyStopping::Yes)
      .value("never", EarlyStopping::Never);
  nb::class_<Sampling>(module, "Sampling")
      .def(nb::init<>())
      .def_rw("temperature", &Sampling::temperature)
      .def_rw("top_k", &Sampling::top_k)
      .def_rw("top_p", &Sampling::top_p)
      .def_rw("min_p", &Sampling::min_p)
      .def_rw("typical_p", &Sampling::typical_p)
      .def_rw("epsilon_cutoff", &Sampling::epsilon_cutoff)
      .def_rw("eta_cutoff", &Sampling::eta_cutoff)
      .def_rw("repetition_penalty", &Sampling::repetition_penalty)
      .def_rw("no_repeat_ngram", &Sampling::no_repeat_ngram)
      .def_rw("bad_words", &Sampling::bad_words)
      .def_rw("min_tokens", &Sampling::min_tokens)
      .def_rw("suppress", &Sampling::suppress)
      .def_rw("seed", &Sampling::seed);
  nb::class_<BeamOptions>(module, "BeamOptions")
      .def(nb::init<>())
      .def_rw("beams", &BeamOptions::beams)
      .def_rw("length_penalty", &BeamOptions::length_penalty)
      .def_rw("early_stopping", &BeamOptions::early_stopping);
  nb::class_<PythonRequest>(module, "Request")
      .def(
          "__init__",
          [](PythonRequest* self, const IdArray& prompt, int64_t max_tokens,
             const Sampling& sampling, const BeamOptions& beams, int64_t answers,
             std::vector<int32_t> end_tokens, const nb::object& processor, bool keep_scores,
             std::shared_ptr<State> state) {
            new (self) PythonRequest{.request = {.prompt = ids_of(prompt),
                                                 .max_tokens = max_tokens,
                                                 .sampling = sampling,
                                                 .end_tokens = std::move(end_tokens),
                                                 .answers = answers,
                                                 .beams = beams},
                                     .processor = processor.is_none() ? nb::object() : processor,
                                     .keep_scores = keep_scores,
                                     .state = std::move(state)};
          },
          nb::arg("prompt"), nb::kw_only(), nb::arg("max_tokens"), nb::arg("sampling"),
          nb::arg("beams"), nb::arg("answers"), nb::arg("end_tokens"), nb::arg("processor").none(),
          nb::arg("keep_scores"), nb::arg("state").none());
}

}  // namespace jet::python
