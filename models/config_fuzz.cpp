// Any text is a config of a known family, a generation config, or an Error; what is a config reads
// the same after it is written, and its tensors can be listed and counted.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/family.h"
#include "models/generation_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const jet::Json json = jet::parse_json(text, "fuzz");
    try {
      const jet::GenerationConfig generation = jet::parse_generation_config(json, "fuzz");
      JET_CHECK(jet::parse_generation_config(jet::generation_config_json(generation), "fuzz") ==
                generation);
    } catch (const jet::Error&) {
    }
    const jet::DecoderSpec spec = jet::parse_decoder_config(json, "fuzz");
    JET_CHECK(jet::parse_decoder_config(jet::decoder_config(spec), "fuzz") == spec);
    JET_CHECK(jet::parameter_count(spec) > 0);
    JET_CHECK(!jet::decoder_tensors(spec).empty());
  } catch (const jet::Error&) {
  }
  return 0;
}
