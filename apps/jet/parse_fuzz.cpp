// Any text is a number of the range, a size, a list of ids, or a UsageError of one line.
#include <string>

#include "apps/jet/parse.h"
#include "core/error.h"

namespace {

template <typename Read>
void read(const Read& read) {
  try {
    read();
  } catch (const jet::cli::UsageError& error) {
    JET_CHECK(!std::string_view(error.what()).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read([&] {
    const int64_t value = jet::cli::parse_integer(text, {-5, 1000});
    JET_CHECK(value >= -5 && value <= 1000);
  });
  read([&] {
    const double value = jet::cli::parse_number(text, {0, 1});
    JET_CHECK(value >= 0 && value <= 1);
  });
  read([&] { JET_CHECK(jet::cli::parse_bytes(text) >= 1); });
  read([&] {
    for (const int32_t id : jet::cli::parse_ids(text)) JET_CHECK(id >= 0);
  });
  const std::vector<std::string> names{"generate", "chat", "--max-tokens"};
  jet::cli::nearest_name(text.substr(0, 100), names);
  return 0;
}
