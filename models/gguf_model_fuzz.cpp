// Any bytes are a GGUF model, whole with its configuration, tensors and tokenizer, or an Error.
#include "io/fuzz_file.h"
#include "models/files/gguf_file.h"
#include "text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const jet::FuzzFile file(data, size);
  try {
    jet::Checkpoint checkpoint = jet::open_gguf_file(file.path());
    JET_CHECK(checkpoint.tensors.size() == jet::decoder_tensors(checkpoint.spec).size());
  } catch (const jet::Error&) {
  }
  try {
    const jet::Tokenizer tokenizer(jet::open_gguf_text(file.path()).tokenizer);
    tokenizer.decode(tokenizer.encode("one <s> two"));
  } catch (const jet::Error&) {
  }
  return 0;
}
