#include "models/family.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "models/families/jet_nemotron.h"
#include "models/families/llama.h"
#include "models/families/qwen2.h"
#include "models/families/qwen3.h"

namespace jet {
namespace {

constexpr std::array kFamilies{
    Family{"llama", "LlamaForCausalLM", parse_llama, write_llama, true},
    Family{"qwen2", "Qwen2ForCausalLM", parse_qwen2, write_qwen2},
    Family{"qwen3", "Qwen3ForCausalLM", parse_qwen3, write_qwen3},
    Family{"jet_nemotron", "JetNemotronForCausalLM", parse_jet_nemotron, write_jet_nemotron},
};

std::string known_families() {
  std::string known;
  for (const Family& family : kFamilies)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", family.name);
  return known;
}

}  // namespace

std::span<const Family> families() { return kFamilies; }

const Family& find_family(std::string_view name) {
  const auto family = std::ranges::find(kFamilies, name, &Family::name);
  if (family == kFamilies.end())
    fail("the model family {} is not known; known are {}", name, known_families());
  return *family;
}

DecoderSpec parse_decoder_config(const Json& config, std::string_view where) {
  const Fields fields(config, std::string(where));
  const std::string type = fields.string("model_type");
  const auto family = std::ranges::find(kFamilies, type, &Family::name);
  if (family != kFamilies.end()) return family->parse(fields);
  fields.bad("model_type", fmt::format("{} is not known; known are {}", type, known_families()));
}

}  // namespace jet
