// _jet.Tokenizer: text to ids and back, and chat templates, without weights.
#include "text/tokenizer.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/json.h"
#include "models/checkpoint.h"
#include "python/bindings/arrays.h"
#include "python/bindings/bind.h"
#include "text/chat_template.h"

namespace jet::python {
namespace {

struct Text {
  Tokenizer tokenizer;
  std::string chat_template;  // empty: none
};

Text open_text(const std::string& path) {
  const nb::gil_scoped_release free;
  TextFiles files = open_text_files(path);
  return {Tokenizer(std::move(files.tokenizer)), std::move(files.chat_template)};
}

std::vector<std::vector<int32_t>> encode(const Text& text, const std::vector<std::string>& texts,
                                         bool special) {
  const nb::gil_scoped_release free;
  std::vector<std::vector<int32_t>> ids;
  ids.reserve(texts.size());
  for (const std::string& each : texts)
    ids.push_back(text.tokenizer.encode(each, {.special = special}));
  return ids;
}

std::string decode(const Text& text, const IdArray& array, bool skip_special) {
  const std::vector<int32_t> ids = ids_of(array);
  const nb::gil_scoped_release free;
  return text.tokenizer.decode(ids, skip_special);
}

std::string render(const std::string& source, const std::string& input) {
  const nb::gil_scoped_release free;
  const Json json = parse_json(input, "chat template");
  ChatTemplate::Input values;
  values.messages = json.at("messages");
  values.tools = json.at("tools");
  values.add_generation_prompt = json.at("add_generation_prompt").get<bool>();
  values.bos_token = json.at("bos_token").get<std::string>();
  values.eos_token = json.at("eos_token").get<std::string>();
  values.extra = json.at("extra");
  return ChatTemplate(source).render(values);
}

std::vector<int32_t> special_ids(const Text& text) {
  std::vector<int32_t> ids;
  for (const AddedToken& token : text.tokenizer.spec().added) {
    if (token.special) ids.push_back(token.id);
  }
  return ids;
}

// As it is spelt in the vocabulary; none at ids without a token.
std::optional<std::string> token(const Text& text, int64_t id) {
  const std::vector<std::string>& tokens = text.tokenizer.spec().tokens;
  if (id < 0 || id >= std::ssize(tokens)) return std::nullopt;
  return tokens[static_cast<size_t>(id)];
}

}  // namespace

void bind_tokenizer(nb::module_& module) {
  const auto spec = [](const Text& text) -> const TokenizerSpec& { return text.tokenizer.spec(); };
  nb::class_<Text>(module, "Tokenizer")
      .def_static("open", open_text, nb::arg("path"))
      .def("encode", encode, nb::arg("texts"), nb::kw_only(), nb::arg("special"))
      .def("decode", decode, nb::arg("ids"), nb::kw_only(), nb::arg("skip_special"))
      .def("token", token, nb::arg("id"))
      .def(
          "id_of",
          [](const Text& text, const std::string& name) { return text.tokenizer.id_of(name); },
          nb::arg("token"))
      .def_prop_ro("vocabulary", [](const Text& text) { return text.tokenizer.vocabulary(); })
      .def_prop_ro("special_ids", special_ids)
      .def_prop_ro("bos", [spec](const Text& text) { return spec(text).bos; })
      .def_prop_ro("eos", [spec](const Text& text) { return spec(text).eos; })
      .def_prop_ro("pad", [spec](const Text& text) { return spec(text).pad; })
      .def_prop_ro("unk", [spec](const Text& text) { return spec(text).unk; })
      .def_prop_ro("add_bos", [spec](const Text& text) { return spec(text).add_bos; })
      .def_ro("chat_template", &Text::chat_template);
  module.def("render", render, nb::arg("template"), nb::arg("input"),
             "The template's text, its variables given as a JSON object.");
}

}  // namespace jet::python
