// Any bytes are a conversation's state or an Error; what is read fits the pool and goes into it.
// A file that carries a checksum is signed anew, so that what lies behind it is tried as well.
#include <algorithm>
#include <string_view>

#include "io/fuzz_file.h"
#include "runtime/state/state_file.h"

namespace jet {
namespace {

StatePool make_pool() {
  const std::vector<StateSpec> layers{
      {{"k", StateGrowth::PerToken, StateUse::Attention, 0, Shape{2}}},
      {{"k", StateGrowth::Ring, StateUse::Attention, 3, Shape{2}}},
      {{"s", StateGrowth::Fixed, StateUse::Recurrence, 1, Shape{4}}}};
  return {layers, {.sequences = 1, .context = 256, .page_tokens = 16}};
}

// The bytes with the checksum that belongs to them, where there is one to replace.
std::vector<uint8_t> sign(std::vector<uint8_t> bytes) {
  constexpr std::string_view kField = R"("checksum":")";
  try {
    const FuzzFile file(bytes.data(), bytes.size());
    const std::string right = state_checksum(read_safetensors(file.path()));
    const auto found = std::search(bytes.begin(), bytes.end(), kField.begin(), kField.end());
    if (bytes.end() - found >= static_cast<ptrdiff_t>(kField.size() + right.size()))
      std::copy(right.begin(), right.end(), found + static_cast<ptrdiff_t>(kField.size()));
  } catch (const Error&) {
  }
  return bytes;
}

void read(const std::vector<uint8_t>& bytes) {
  static StatePool pool = make_pool();
  const FuzzFile file(bytes.data(), bytes.size());
  try {
    const SequenceState saved = unpack_state(read_state(file.path()), pool, {0, "f32 on the CPU"});
    const auto slot = pool.acquire();
    if (pool.reserve(*slot, static_cast<int64_t>(saved.ids.size())))
      restore_state(pool, *slot, saved);
    pool.release(*slot);
  } catch (const Error&) {
  }
}

}  // namespace
}  // namespace jet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> bytes(data, data + size);
  jet::read(bytes);
  jet::read(jet::sign(bytes));
  return 0;
}
