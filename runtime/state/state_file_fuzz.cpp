// Any bytes are a conversation's state or an Error; what is read fits the pool and goes into it.
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

}  // namespace
}  // namespace jet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static jet::StatePool pool = jet::make_pool();
  const jet::FuzzFile file(data, size);
  try {
    const jet::SavedState saved = jet::read_state(file.path(), pool, 0);
    const auto slot = pool.acquire();
    if (pool.reserve(*slot, static_cast<int64_t>(saved.ids.size())))
      jet::restore_state(pool, *slot, saved);
    pool.release(*slot);
  } catch (const jet::Error&) {
  }
  return 0;
}
