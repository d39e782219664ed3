#include "models/checkpoint.h"

#include <cstring>
#include <set>

#include "core/error.h"
#include "io/file.h"
#include "io/printable.h"
#include "models/block_scales.h"
#include "models/family.h"
#include "models/files/gguf_file.h"
#include "models/files/hf_directory.h"
#include "models/files/rope_rows.h"

namespace jet {
namespace {

void expect_model_path(const std::filesystem::path& path) {
  if (!file_exists(path)) {
    fail("{}: no such file or directory; a model is a Hugging Face directory or a .gguf file",
         path.string());
  }
  if (!directory_exists(path) && !is_gguf(path)) {
    fail("{}: a model is a Hugging Face directory or a .gguf file", path.string());
  }
}

// Is this the weight of an attention layer's q or k projection? Then its head count, else 0.
int64_t rope_heads(const Checkpoint& checkpoint, std::string_view name) {
  const bool is_q = name.ends_with("self_attn.q_proj.weight");
  const bool is_k = name.ends_with("self_attn.k_proj.weight");
  if (is_q) return checkpoint.spec.shape.heads;
  return is_k ? checkpoint.spec.shape.kv_heads : 0;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape() &&
         std::memcmp(a.view().data, b.view().data, static_cast<size_t>(a.view().bytes())) == 0;
}

}  // namespace

Tensor Checkpoint::tensor(std::string_view name) const {
  const auto found = tensors.find(std::string(name));
  if (found == tensors.end()) fail("{}: tensor {} is missing", path.string(), name);
  const int64_t heads = rope_rows_interleaved ? rope_heads(*this, name) : 0;
  return heads == 0 ? found->second : rows_from_interleaved(found->second, heads);
}

TensorSource Checkpoint::source() const {
  return
      [this, threads = std::make_shared<ThreadPool>(available_threads())](std::string_view name) {
        release_pages();
        Tensor weights = tensor(name);
        expect_finite_scales(weights, name, path.string(), *threads);
        return weights;
      };
}

void Checkpoint::release_pages() const {
  for (const auto& file : files) file->release_pages();
}

Checkpoint open_checkpoint(const std::filesystem::path& path) {
  expect_model_path(path);
  return is_gguf(path) ? open_gguf_file(path) : open_hf_directory(path);
}

TextFiles open_text_files(const std::filesystem::path& path) {
  expect_model_path(path);
  return is_gguf(path) ? open_gguf_text(path) : open_hf_text(path);
}

DecoderSpec open_decoder_spec(const std::filesystem::path& path) {
  if (!directory_exists(path) && file_exists(path) && path.extension() == ".json") {
    return parse_decoder_config(parse_json(read_text_file(path), path.string()), path.string());
  }
  expect_model_path(path);
  return is_gguf(path) ? open_gguf_spec(path) : open_decoder_spec(path / "config.json");
}

void verify_tensors(const Checkpoint& checkpoint, std::string_view where) {
  std::set<std::string_view> expected;
  const std::vector<TensorSpec> specs = decoder_tensors(checkpoint.spec);
  for (const TensorSpec& spec : specs) {
    expected.insert(spec.name);
    const auto found = checkpoint.tensors.find(spec.name);
    if (found == checkpoint.tensors.end()) {
      fail("{}: tensor {} is missing; the config asks for it with shape {}", where, spec.name,
           to_string(spec.shape));
    }
    const Tensor& tensor = found->second;
    if (!(tensor.shape() == spec.shape)) {
      fail("{}: tensor {} has shape {}, the config asks for {}", where, spec.name,
           to_string(tensor.shape()), to_string(spec.shape));
    }
    if (!is_float(tensor.type()) && !is_quantised(tensor.type())) {
      fail("{}: tensor {} is of type {}, expected f32, f16, bf16 or a block format", where,
           spec.name, name(tensor.type()));
    }
  }
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (expected.contains(name)) continue;
    // A tied head is sometimes stored beside the embedding it equals.
    if (name == "lm_head.weight" &&
        same_bytes(tensor, checkpoint.tensors.at("model.embed_tokens.weight")))
      continue;
    if (name == "lm_head.weight") {
      fail("{}: tensor lm_head.weight differs from the embedding, but tie_word_embeddings is true",
           where);
    }
    fail("{}: tensor {} is not part of a {} model with this config", where, printable(name),
         checkpoint.spec.family);
  }
}

}  // namespace jet
