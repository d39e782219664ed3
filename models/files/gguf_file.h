// Checkpoints as GGUF files. Keys and tensor names: docs/gguf.md.
#pragma once

#include <filesystem>

#include "io/named_tensor.h"
#include "models/checkpoint.h"

namespace jet {

// Is this the name of a GGUF file: does it end in .gguf, in small letters or capitals?
bool is_gguf(const std::filesystem::path& path);

Checkpoint open_gguf_file(const std::filesystem::path& path);
TextFiles open_gguf_text(const std::filesystem::path& path);
DecoderSpec open_gguf_spec(const std::filesystem::path& path);

// Throws Error on a file that exists already or cannot be written.
void save_gguf_file(const Checkpoint& checkpoint, const std::filesystem::path& path,
                    const OnWritten& on_written = {});

}  // namespace jet
