// A model's files as one thing, whichever format they are in: a Hugging Face directory or a GGUF
// file.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/file.h"
#include "mixers/tensor_spec.h"
#include "models/decoder_spec.h"
#include "models/generation_config.h"
#include "text/tokenizer_spec.h"

namespace jet {

struct Checkpoint {
  std::filesystem::path path;
  DecoderSpec spec;
  Json config;  // config.json as read, or as GGUF's metadata says it
  std::vector<std::shared_ptr<const MappedFile>> files;  // that the tensors' bytes lie in
  std::map<std::string, Tensor>
      tensors;  // by Hugging Face name; bytes shared with the file's mapping
  bool rope_rows_interleaved =
      false;  // rows of attention's q and k stand as GGUF's llama files have them
  std::optional<TokenizerSpec> tokenizer;
  std::string chat_template;    // empty: none
  GenerationConfig generation;  // eos holds the tokenizer's and the config's as well

  // The tensor as model.md orders its rows. Throws Error when absent.
  Tensor tensor(std::string_view name) const;
  // tensor() as what a Decoder takes; valid while the checkpoint lives. Throws Error on blocks
  // whose scales are not finite. What was taken leaves memory when the next is: a preparer that
  // packs needs room for one tensor of the files beside its own.
  TensorSource source() const;
  // Of the files: MappedFile::release_pages.
  void release_pages() const;
};

// A directory with config.json, or a .gguf file. Every tensor that the config asks for is there
// with its shape, and none besides. Throws Error naming the file and the tensor or field at fault.
Checkpoint open_checkpoint(const std::filesystem::path& path);

// What `open_checkpoint` reads, without weights: a directory's or a GGUF file's tokenizer and chat
// template.
struct TextFiles {
  TokenizerSpec tokenizer;
  std::string chat_template;
};
TextFiles open_text_files(const std::filesystem::path& path);

// The config of a directory, a GGUF file or a config.json alone.
DecoderSpec open_decoder_spec(const std::filesystem::path& path);

// Throws Error unless the tensors are those of the spec: none missing, misshapen, of a type that
// cannot be computed with, or unknown. `where` names the file.
void verify_tensors(const Checkpoint& checkpoint, std::string_view where);

}  // namespace jet
