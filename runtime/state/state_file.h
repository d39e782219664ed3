// The state of one sequence in a file: it goes on exactly, in another process, without computing
// what it has consumed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "runtime/state/state_pool.h"

namespace jet {

// A safetensors file. Metadata: format, version, checksum (of all the rest), model (its
// fingerprint), the types of the states, note (the caller's). Tensors: ids int32 [tokens], and
// layers.N.PART, the bytes of each part in the pool's type.
struct SavedState {
  std::vector<int32_t> ids;  // consumed
  std::string note;
  std::vector<std::vector<Tensor>> parts;  // [layer][part], U8; empty where a part has no bytes
};

// Nothing appears under `path` unless all of it was written. Throws Error naming the file.
void write_state(const std::filesystem::path& path, const StatePool& pool, int32_t slot,
                 std::span<const int32_t> ids, uint64_t fingerprint, const std::string& note);

// Throws Error naming the file and what differs: damage, another version, another model, other
// types.
SavedState read_state(const std::filesystem::path& path, const StatePool& pool,
                      uint64_t fingerprint);

// What read_state asks the file's checksum to be, for tests that change a file and sign it anew.
std::string state_checksum(const Safetensors& file);

// Into a slot that has pages for saved.ids.
void restore_state(StatePool& pool, int32_t slot, const SavedState& saved);

}  // namespace jet
