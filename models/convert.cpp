#include "models/convert.h"

#include <algorithm>

#include "core/error.h"
#include "models/convert_rows.h"
#include "text/tokenizer.h"

namespace jet {
namespace {

const char* torch_name(DType type) {
  return type == DType::F16 ? "float16" : type == DType::BF16 ? "bfloat16" : "float32";
}

}  // namespace

void set_stored_type(Json& config, DType type) {
  const bool has_new_name = config.contains("dtype");
  if (has_new_name) config["dtype"] = torch_name(type);
  if (!has_new_name || config.contains("torch_dtype")) config["torch_dtype"] = torch_name(type);
}

void convert_tensors(Checkpoint& checkpoint, DType type, ThreadPool& threads,
                     const OnProgress& progress) {
  JET_CHECK(is_float(type));
  std::vector<TensorType> plan;
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec))
    plan.push_back({spec.name, spec.float32 ? DType::F32 : type});
  convert_tensors(checkpoint, plan, threads, progress);
  checkpoint.spec.stored_type = type;
  set_stored_type(checkpoint.config, type);
}

void convert_tensors(Checkpoint& checkpoint, std::span<const TensorType> plan, ThreadPool& threads,
                     const OnProgress& progress) {
  int64_t all = 0;
  for (const auto& [name, type] : plan) all += checkpoint.tensors.at(name).shape().elements();
  int64_t done = 0;
  for (const auto& [name, type] : plan) {
    Tensor& tensor = checkpoint.tensors.at(name);
    tensor = convert_rows(tensor, type, name, threads, [&](int64_t numbers) {
      done += numbers;
      if (progress) progress(done, all);
    });
  }
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
