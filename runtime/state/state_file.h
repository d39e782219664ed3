// The state of one sequence in a file: it goes on exactly, in another process, without computing
// what it has consumed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "runtime/state/state_origin.h"
#include "runtime/state/state_pool.h"

namespace jet {

// A safetensors file. Metadata: format, version, checksum (of all the rest), model (its
// fingerprint), computing, the types of the states, note (the caller's). Tensors: ids int32
// [tokens], and layers.N.PART, the bytes of each part in the pool's type.
struct StateFile {
  std::string where;  // the file that it was read from, for errors
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
};

// A file's contents that fit a pool.
struct SequenceState {
  std::vector<int32_t> ids;                // consumed
  std::vector<std::vector<Tensor>> parts;  // [layer][part], U8; empty where a part has no bytes
};

// A copy of what the slot holds after exactly these tokens.
StateFile pack_state(const StatePool& pool, int32_t slot, std::span<const int32_t> ids,
                     const StateOrigin& origin, const std::string& note);
// Nothing appears under `path` unless all of it was written. Throws Error naming the file.
void write_state(const std::filesystem::path& path, const StateFile& state);

// Throws Error naming the file: it cannot be read, is no state, is damaged or of another version.
StateFile read_state(const std::filesystem::path& path);
std::vector<int32_t> consumed(const StateFile& state);  // its ids
// Throws Error naming the file and what differs: another origin, other types, other parts.
SequenceState unpack_state(const StateFile& file, const StatePool& pool, const StateOrigin& origin);
// Into a slot that has pages for state.ids.
void restore_state(StatePool& pool, int32_t slot, const SequenceState& state);

// What read_state asks the file's checksum to be, for tests that change a file and sign it anew.
std::string state_checksum(const Safetensors& file);

}  // namespace jet
