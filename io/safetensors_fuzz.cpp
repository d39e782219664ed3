// Any bytes are a safetensors file or an Error, and the tensors of a file are its data, no byte
// more or less.
#include <cstring>

#include "io/fuzz_file.h"
#include "io/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const jet::FuzzFile file(data, size);
  try {
    const jet::Safetensors read = jet::read_safetensors(file.path());
    uint64_t header = 0;
    std::memcpy(&header, data, sizeof(header));
    uint64_t total = sizeof(header) + header;
    for (const auto& [name, tensor] : read.tensors) {
      const jet::ConstTensorView view = tensor.view();
      total += static_cast<uint64_t>(view.bytes());
      if (view.bytes() == 0) continue;
      volatile std::byte last = view.data[view.bytes() - 1];
      static_cast<void>(last);
    }
    JET_CHECK(total == size);
  } catch (const jet::Error&) {
  }
  return 0;
}
