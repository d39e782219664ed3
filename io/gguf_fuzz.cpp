// Any bytes are a GGUF file or an Error.
#include "io/fuzz_file.h"
#include "io/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const jet::FuzzFile file(data, size);
  try {
    const jet::Gguf gguf = jet::read_gguf(file.path());
    for (const auto& [name, tensor] : gguf.tensors) {
      const jet::ConstTensorView view = tensor.view();
      JET_CHECK(view.bytes() > 0 && static_cast<size_t>(view.bytes()) <= size);
      volatile std::byte last = view.data[view.bytes() - 1];
      static_cast<void>(last);
    }
  } catch (const jet::Error&) {
  }
  return 0;
}
