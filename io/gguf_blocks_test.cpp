// A GGUF file that ggml's own Python package wrote: blocks of every type, and the numbers that it
// decodes them to (tools/make_block_vectors.py).
#include <map>

#include <gtest/gtest.h>

#include "core/block_types/block_types.h"
#include "io/gguf.h"

namespace jet {
namespace {

// Bit for bit: both decode in float32 in the order of the formulas.
TEST(GgufBlocks, DecodeAsGgmlDecodesThem) {
  const Gguf file = read_gguf(JET_SOURCE_DIR "/io/testdata/blocks.gguf");
  std::map<std::string, Tensor> tensors;
  for (const NamedTensor& named : file.tensors) tensors[named.name] = named.tensor;
  for (const DType type : {DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q5_1, DType::Q8_0,
                           DType::Q4_K, DType::Q5_K, DType::Q6_K}) {
    const std::string key(name(type));
    ASSERT_TRUE(tensors.contains(key)) << key;
    const Tensor& blocks = tensors.at(key);
    ASSERT_EQ(blocks.type(), type);
    const int64_t n = blocks.shape().elements();
    std::vector<float> decoded(static_cast<size_t>(n));
    decode_row(type, blocks.view().data, n, decoded.data());
    const ConstTensorView expected = tensors.at(key + ".decoded").view();
    for (size_t i = 0; i < decoded.size(); ++i)
      ASSERT_EQ(decoded[i], expected.f32()[i]) << key << " number " << i;
  }
}

}  // namespace
}  // namespace jet
