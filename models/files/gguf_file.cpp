#include "models/files/gguf_file.h"

#include <algorithm>

#include <strings.h>

#include "core/block_types/block_types.h"
#include "core/error.h"
#include "io/file.h"
#include "io/gguf.h"
#include "io/printable.h"
#include "models/family.h"
#include "models/files/gguf_config.h"
#include "models/files/gguf_names.h"
#include "models/files/gguf_rope.h"
#include "models/files/rope_rows.h"
#include "text/tokenizer_gguf.h"

namespace jet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWidened = "jet.widened_tensors";

// llama.cpp wants vectors in float32: those that were not are widened, and listed here as "bf16
// output_norm.weight".
Tensor widen(const Tensor& tensor) { return to_float32(tensor); }

Tensor narrow(const Tensor& tensor, DType type) {
  Tensor narrowed(type, tensor.shape());
  encode_row(type, tensor.view().f32(), tensor.shape().elements(), narrowed.mutable_view().data);
  return narrowed;
}

void narrow_listed(const GgufMetadata& metadata, std::map<std::string, Tensor>& by_gguf_name) {
  const auto* list = metadata.strings(kWidened);
  if (list == nullptr) return;
  for (const std::string& entry : *list) {
    const size_t blank = entry.find(' ');
    const auto type = parse_dtype(entry.substr(0, blank));
    const auto found = blank == std::string::npos ? by_gguf_name.end()
                                                  : by_gguf_name.find(entry.substr(blank + 1));
    if (!type || !is_float(*type) || found == by_gguf_name.end() ||
        found->second.type() != DType::F32) {
      fail("{}: key {}: \"{}\" is not a float type and the name of an f32 tensor of the file",
           metadata.where, kWidened, entry);
    }
    found->second = narrow(found->second, *type);
  }
}

// llama.cpp's name for a file by the block format that most of its numbers have: general.file_type.
void set_file_type(const std::vector<NamedTensor>& tensors, GgufMetadata& metadata) {
  constexpr int64_t kQuantisationVersion = 2;  // of the block formats' layout, in ggml
  std::map<DType, int64_t> numbers;
  for (const NamedTensor& named : tensors)
    numbers[named.tensor.type()] += named.tensor.shape().elements();
  const DType most =
      std::ranges::max_element(numbers, {}, [](const auto& n) { return n.second; })->first;
  const std::map<DType, int64_t> codes{{DType::Q4_0, 2},  {DType::Q4_1, 3}, {DType::Q8_0, 7},
                                       {DType::Q5_0, 8},  {DType::Q5_1, 9}, {DType::Q4_K, 14},
                                       {DType::Q5_K, 16}, {DType::Q6_K, 18}};
  if (const auto code = codes.find(most); code != codes.end()) {
    metadata.set_integer("general.file_type", code->second);
    metadata.set_integer("general.quantization_version", kQuantisationVersion);
  }
}

DecoderSpec spec_of(const Gguf& file) {
  return parse_decoder_config(config_from_gguf(file), file.metadata.where);
}

void add_tensors(Gguf& file, Checkpoint& checkpoint) {
  std::map<std::string, Tensor> by_gguf_name;
  for (NamedTensor& named : file.tensors) by_gguf_name[named.name] = std::move(named.tensor);
  narrow_listed(file.metadata, by_gguf_name);
  by_gguf_name.erase(kRopeFactors);  // is in the config: rope_scaling_from_gguf
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec)) {
    const std::string name = gguf_name(spec.name, checkpoint.spec);
    const auto found = by_gguf_name.find(name);
    if (found == by_gguf_name.end()) {
      fail("{}: tensor {} is missing; the metadata asks for it with shape {}", file.metadata.where,
           name, to_string(spec.shape));
    }
    checkpoint.tensors[spec.name] = std::move(found->second);
    by_gguf_name.erase(found);
  }
  if (!by_gguf_name.empty()) {
    fail("{}: tensor {} is not part of a {} model with this metadata", file.metadata.where,
         printable(by_gguf_name.begin()->first), checkpoint.spec.family);
  }
}

TextFiles text_of(const GgufMetadata& metadata) {
  return {tokenizer_from_gguf(metadata),
          metadata.optional_string("tokenizer.chat_template").value_or("")};
}

}  // namespace

bool is_gguf(const std::filesystem::path& path) {
  return ::strcasecmp(path.extension().c_str(), ".gguf") == 0;
}

Checkpoint open_gguf_file(const fs::path& path) {
  Gguf file = read_gguf(path);
  Checkpoint checkpoint;
  checkpoint.path = path;
  checkpoint.files = {file.file};
  checkpoint.config = config_from_gguf(file);
  checkpoint.spec = parse_decoder_config(checkpoint.config, path.string());
  checkpoint.rope_rows_interleaved = find_family(checkpoint.spec.family).gguf_permutes_rope;
  add_tensors(file, checkpoint);
  verify_tensors(checkpoint, path.string());
  checkpoint.generation = generation_from_gguf(file.metadata);
  if (has_tokenizer(file.metadata)) {
    TextFiles text = text_of(file.metadata);
    checkpoint.tokenizer = std::move(text.tokenizer);
    checkpoint.chat_template = std::move(text.chat_template);
    for (const int32_t id : checkpoint.tokenizer->eos) {
      if (std::ranges::find(checkpoint.generation.eos, id) == checkpoint.generation.eos.end())
        checkpoint.generation.eos.push_back(id);
    }
    checkpoint.tokenizer->eos = checkpoint.generation.eos;
  }
  if (checkpoint.generation.bos) checkpoint.config["bos_token_id"] = *checkpoint.generation.bos;
  return checkpoint;
}

TextFiles open_gguf_text(const fs::path& path) {
  const Gguf file = read_gguf(path);
  if (!has_tokenizer(file.metadata))
    fail("{}: holds no tokenizer (key tokenizer.ggml.model)", path.string());
  return text_of(file.metadata);
}

DecoderSpec open_gguf_spec(const fs::path& path) { return spec_of(read_gguf(path)); }

void save_gguf_file(const Checkpoint& checkpoint, const fs::path& path,
                    const OnWritten& on_written) {
  if (file_exists(path)) fail("{}: exists already; name a file that does not", path.string());
  GgufMetadata metadata;
  metadata.where = path.string();
  config_to_gguf(checkpoint.spec, metadata);
  if (checkpoint.tokenizer)
    tokenizer_to_gguf(*checkpoint.tokenizer, metadata, checkpoint.spec.vocabulary);
  if (!checkpoint.chat_template.empty())
    metadata.set_string("tokenizer.chat_template", checkpoint.chat_template);
  generation_to_gguf(checkpoint.generation, metadata);

  const bool interleave = find_family(checkpoint.spec.family).gguf_permutes_rope;
  const bool as_stored = interleave == checkpoint.rope_rows_interleaved;
  const ModelShape& shape = checkpoint.spec.shape;
  std::vector<NamedTensor> tensors;
  rope_scaling_to_gguf(shape, checkpoint.spec.family + ".", metadata, tensors);
  GgufValue::Strings widened;
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec)) {
    const std::string name = gguf_name(spec.name, checkpoint.spec);
    Tensor tensor = as_stored ? checkpoint.tensors.at(spec.name) : checkpoint.tensor(spec.name);
    if (!as_stored && interleave && name.ends_with("attn_q.weight"))
      tensor = rows_to_interleaved(tensor, shape.heads);
    if (!as_stored && interleave && name.ends_with("attn_k.weight"))
      tensor = rows_to_interleaved(tensor, shape.kv_heads);
    if (tensor.shape().rank() == 1 && tensor.type() != DType::F32) {
      widened.push_back(fmt::format("{} {}", jet::name(tensor.type()), name));
      tensor = widen(tensor);
    }
    tensors.push_back({name, std::move(tensor)});
  }
  set_file_type(tensors, metadata);
  if (!widened.empty()) metadata.set_strings(kWidened, widened);
  write_gguf(path, metadata, tensors, on_written);
}

}  // namespace jet
