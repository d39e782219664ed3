// Checkpoints as Hugging Face directories: config.json, safetensors, tokenizer.json and its
// companions.
#pragma once

#include <filesystem>

#include "io/named_tensor.h"
#include "models/checkpoint.h"

namespace jet {

Checkpoint open_hf_directory(const std::filesystem::path& directory);
TextFiles open_hf_text(const std::filesystem::path& directory);

struct HfWriteOptions {
  int64_t shard_bytes = 5'000'000'000;  // larger models are cut into several files with an index
  OnWritten on_written = {};
};

// Writes a directory that must not exist yet; it appears under its name only when complete. Throws
// Error on a tensor in a block format: safetensors has none.
void save_hf_directory(const Checkpoint& checkpoint, const std::filesystem::path& directory,
                       const HfWriteOptions& options = {});

}  // namespace jet
