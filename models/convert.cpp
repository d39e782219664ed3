#include "models/convert.h"

#include <algorithm>
#include <cmath>

#include "core/block_types/block_types.h"
#include "core/error.h"
#include "text/tokenizer.h"

namespace jet {
namespace {

const char* torch_name(DType type) {
  return type == DType::F16 ? "float16" : type == DType::BF16 ? "bfloat16" : "float32";
}

// Rows one after another, so that scratch memory is a row.
Tensor converted(const Tensor& tensor, DType type, std::string_view name) {
  if (tensor.type() == type) return tensor;
  Tensor result(type, tensor.shape());
  const ConstTensorView from = tensor.view();
  const int64_t width = from.shape.rank() == 0 ? 1 : from.shape.back();
  const int64_t from_stride = row_bytes(from.type, width);
  const int64_t to_stride = row_bytes(type, width);
  std::vector<float> row(static_cast<size_t>(width));
  std::byte* to = result.mutable_view().data;
  for (int64_t r = 0; r < from.rows(); ++r) {
    decode_row(from.type, from.data + r * from_stride, width, row.data());
    if (type == DType::F16) {
      constexpr float kLargest = 65520;  // from here on f16 rounds to infinity
      const auto beyond = std::ranges::find_if(
          row, [](float x) { return std::isfinite(x) && std::fabs(x) >= kLargest; });
      if (beyond != row.end())
        fail("tensor {} holds {}, which f16 cannot; use bf16 or f32", name, *beyond);
    }
    encode_row(type, row.data(), width, to + r * to_stride);
  }
  return result;
}

}  // namespace

void set_stored_type(Json& config, DType type) {
  const bool has_new_name = config.contains("dtype");
  if (has_new_name) config["dtype"] = torch_name(type);
  if (!has_new_name || config.contains("torch_dtype")) config["torch_dtype"] = torch_name(type);
}

void convert_tensors(Checkpoint& checkpoint, DType type,
                     const std::function<void(int64_t, int64_t)>& progress) {
  JET_CHECK(is_float(type));
  const std::vector<TensorSpec> specs = decoder_tensors(checkpoint.spec);
  int64_t done = 0;
  for (const TensorSpec& spec : specs) {
    Tensor& tensor = checkpoint.tensors.at(spec.name);
    tensor = converted(tensor, spec.float32 ? DType::F32 : type, spec.name);
    if (progress) progress(++done, static_cast<int64_t>(specs.size()));
  }
  checkpoint.spec.stored_type = type;
  set_stored_type(checkpoint.config, type);
}

void set_text_files(Checkpoint& checkpoint, const TextFiles& text, std::string_view where) {
  const int32_t tokens = Tokenizer(text.tokenizer).vocabulary();
  if (tokens > checkpoint.spec.vocabulary) {
    fail("{}: the tokenizer has {} tokens, the model's vocabulary {}", where, tokens,
         checkpoint.spec.vocabulary);
  }
  checkpoint.tokenizer = text.tokenizer;
  checkpoint.chat_template = text.chat_template;
  std::vector<int32_t>& eos = checkpoint.generation.eos;
  for (const int32_t id : text.tokenizer.eos) {
    if (std::ranges::find(eos, id) == eos.end()) eos.push_back(id);
  }
  checkpoint.tokenizer->eos = eos;
}

std::string first_quantised(const Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (is_quantised(tensor.type())) return name;
  }
  return "";
}

}  // namespace jet
