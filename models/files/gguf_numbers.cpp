#include "models/files/gguf_numbers.h"

#include <charconv>

#include <fmt/format.h>

namespace jet {

double meant(double stored) {
  const auto narrow = static_cast<float>(stored);
  if (static_cast<double>(narrow) != stored) return stored;
  const std::string text = fmt::format("{}", narrow);
  double value = stored;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void set_meant(GgufMetadata& metadata, const std::string& key, double value) {
  const bool fits = meant(static_cast<double>(static_cast<float>(value))) == value;
  metadata.set_number(key, value, fits ? GgufType::F32 : GgufType::F64);
}

}  // namespace jet
