// _jet.Model: weights, what can be said of them, and the logits of given tokens.
#include <algorithm>
#include <cstring>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <nlohmann/json.hpp>

#include <jet/model.h>

#include "python/bindings/arrays.h"
#include "python/bindings/bind.h"
#include "python/bindings/signals.h"
#include "runtime/model/loaded_model.h"
#include "runtime/scoring/scorer.h"

namespace jet::python {
namespace {

constexpr size_t kPiece = 512;  // tokens that are computed between two looks for Ctrl-C

// [kept, vocabulary]: of the last `keep` tokens, or of all where `keep` is 0.
FloatMatrix logits(const Model& model, const IdArray& array, int threads, size_t keep) {
  const std::vector<int32_t> ids = ids_of(array);
  const auto vocabulary = static_cast<size_t>(model.vocabulary());
  const size_t rows = keep == 0 ? ids.size() : std::min(keep, ids.size());
  const size_t first = ids.size() - rows;
  std::vector<float> numbers(rows * vocabulary);
  {
    const nb::gil_scoped_release free;
    Scorer scorer(model.loaded().decoder,
                  {.threads = threads, .context = std::max<int64_t>(1, std::ssize(ids))});
    for (size_t at = 0; at < ids.size(); at += kPiece) {
      check_signals();
      const auto piece = std::span(ids).subspan(at, std::min(kPiece, ids.size() - at));
      const size_t end = at + piece.size();
      if (end <= first) {
        scorer.feed(piece, BatchPlan::Logits::None);
        continue;
      }
      const ConstTensorView computed = scorer.feed(piece, BatchPlan::Logits::All);
      const size_t begin = std::max(at, first);
      std::memcpy(numbers.data() + (begin - first) * vocabulary,
                  computed.f32() + (begin - at) * vocabulary,
                  (end - begin) * vocabulary * sizeof(float));
    }
  }
  return matrix(std::move(numbers), rows, vocabulary);
}

std::vector<std::string> layer_kinds(const Model& model) {
  std::vector<std::string> kinds;
  for (const LayerSpec& layer : model.loaded().decoder.spec().layers)
    kinds.emplace_back(layer.mixer->kind());
  return kinds;
}

Model load(const std::string& path, ComputeType dtype, DeviceChoice device, double memory_fraction,
           bool deterministic) {
  const nb::gil_scoped_release free;
  return Model::load(path, {.dtype = dtype,
                            .device = device,
                            .memory_fraction = memory_fraction,
                            .deterministic = deterministic});
}

}  // namespace

void bind_model(nb::module_& module) {
  nb::enum_<ComputeType>(module, "ComputeType")
      .value("auto", ComputeType::Auto)
      .value("f32", ComputeType::F32)
      .value("bf16", ComputeType::BF16)
      .value("f16", ComputeType::F16);
  nb::enum_<DeviceChoice>(module, "DeviceChoice")
      .value("auto", DeviceChoice::Auto)
      .value("cpu", DeviceChoice::Cpu)
      .value("cuda", DeviceChoice::Cuda);
  nb::class_<Model>(module, "Model")
      .def_static("load", load, nb::arg("path"), nb::kw_only(), nb::arg("dtype"), nb::arg("device"),
                  nb::arg("memory_fraction"), nb::arg("deterministic"))
      .def("logits", logits, nb::arg("ids"), nb::kw_only(), nb::arg("threads"), nb::arg("keep"),
           "[T, vocabulary]; with keep > 0 of the last keep tokens alone.")
      .def_prop_ro("device", [](const Model& model) { return model.device(); })
      .def_prop_ro("architecture", &Model::architecture)
      .def_prop_ro("parameters", &Model::parameters)
      .def_prop_ro("vocabulary", &Model::vocabulary)
      .def_prop_ro("trained_context", &Model::trained_context)
      .def_prop_ro("layer_kinds", layer_kinds)
      .def_prop_ro(
          "config",
          [](const Model& model) { return decoder_config(model.loaded().decoder.spec()).dump(); })
      .def_prop_ro("generation_config",
                   [](const Model& model) {
                     return generation_config_json(model.loaded().generation).dump();
                   })
      .def_prop_ro(
          "unapplied_fields",
          [](const Model& model) { return unapplied_fields(model.loaded().generation); },
          "Fields of generation_config that the engine's requests do not follow by themselves.");
}

}  // namespace jet::python
