// The safetensors format (github.com/huggingface/safetensors): 8 bytes of header length, a JSON
// header, the data. Every byte of a file is accounted for: no holes, overlaps, duplicate names or
// trailing bytes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/named_tensor.h"

namespace jet {

struct Safetensors {
  std::shared_ptr<const MappedFile> file;
  std::vector<NamedTensor> tensors;  // in the order of their data; bytes shared with the mapping
  std::map<std::string, std::string> metadata;  // "__metadata__"
};

// Throws Error naming the file and the tensor or byte at fault.
Safetensors read_safetensors(const std::filesystem::path& path);
Safetensors read_safetensors(std::shared_ptr<const MappedFile> file);

// Written atomically: nothing appears under `path` unless all of it did. Throws Error on a type
// that safetensors does not know (block formats), a duplicate name, or a failed write.
void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {},
                       const OnWritten& on_written = {});

}  // namespace jet
