#include "mixers/registry.h"

#include <array>
#include <string>

#include "core/error.h"
#include "mixers/attention/spec.h"
#include "mixers/jet/spec.h"

namespace jet {
namespace {

constexpr std::array kKinds{
    MixerKind{"attn", parse_full_attention},
    MixerKind{"swa", parse_window_attention},
    MixerKind{"jet", parse_jet_block},
};

}  // namespace

const MixerKind& find_mixer_kind(std::string_view name) {
  std::string known;
  for (const MixerKind& kind : kKinds) {
    if (kind.name == name) return kind;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", kind.name);
  }
  fail("no token mixer is called {}; known are {}", name, known);
}

}  // namespace jet
