// All token mixers by the name that a config's layer_types gives them.
#pragma once

#include <memory>
#include <string_view>

#include "mixers/mixer.h"

namespace jet {

struct MixerKind {
  std::string_view name;
  // `section` is efficient_attention_config.NAME of the config, an empty object when absent.
  std::unique_ptr<const MixerSpec> (*parse)(const ModelShape& model, const Fields& section);
};

// Throws Error naming the known kinds.
const MixerKind& find_mixer_kind(std::string_view name);

}  // namespace jet
