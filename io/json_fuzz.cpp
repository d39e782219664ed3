// Any text is JSON or an Error, and what is JSON reads the same after it is written.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const jet::Json json = jet::parse_json(text, "fuzz");
    JET_CHECK(jet::parse_json(json.dump(), "fuzz") == json);
  } catch (const jet::Error&) {
  }
  return 0;
}
