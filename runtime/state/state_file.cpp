#include "runtime/state/state_file.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/error.h"
#include "core/hash.h"

namespace jet {
namespace {

constexpr const char* kFormat = "jet conversation state";
constexpr const char* kVersion = "2";

using Metadata = std::map<std::string, std::string>;

std::string part_name(size_t layer, const StatePart& part) {
  return fmt::format("layers.{}.{}", layer, part.name);
}

std::string types_text(const StateTypes& types) {
  return fmt::format("attention {}, recurrence {}, convolution {}", name(types.attention),
                     name(types.recurrence), name(types.convolution));
}

// Of everything but itself.
std::string checksum(const Metadata& metadata, const std::map<std::string, Tensor>& tensors) {
  Hash hash;
  for (const auto& [key, value] : metadata) {
    if (key == "checksum") continue;
    hash.add(key);
    hash.add(value);
  }
  for (const auto& [name, tensor] : tensors) {
    const ConstTensorView view = tensor.view();
    hash.add(name);
    hash.add(jet::name(view.type));
    hash.add(to_string(view.shape));
    hash.add(std::span(view.data, static_cast<size_t>(view.bytes())));
  }
  return fmt::format("{:016x}", hash.value());
}

const std::string& field(const Metadata& metadata, const std::string& key,
                         const std::string& where) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) fail("{}: is no conversation state: it has no {}", where, key);
  return found->second;
}

const Tensor& find(const std::map<std::string, Tensor>& tensors, const std::string& name,
                   DType type, const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) fail("{}: tensor {} is missing", where, name);
  const Tensor& tensor = found->second;
  if (tensor.type() != type || tensor.shape().rank() != 1)
    fail("{}: tensor {} is {} {}, expected a list of {}", where, name, jet::name(tensor.type()),
         to_string(tensor.shape()), jet::name(type));
  return tensor;
}

void check_origin(const Metadata& metadata, const StatePool& pool, const StateOrigin& origin,
                  const std::string& where) {
  if (field(metadata, "model", where) != fmt::format("{:016x}", origin.model))
    fail("{}: was saved with another model; load it with that one", where);
  if (const auto& saved = field(metadata, "computing", where); saved != origin.computing)
    fail("{}: was computed in {}, this model computes in {}, and would not go on exactly", where,
         saved, origin.computing);
  const std::string types = types_text(pool.options().types);
  if (const auto& saved = field(metadata, "types", where); saved != types)
    fail("{}: holds states of the types {}; the engine keeps {}", where, saved, types);
}

}  // namespace

StateFile pack_state(const StatePool& pool, int32_t slot, std::span<const int32_t> ids,
                     const StateOrigin& origin, const std::string& note) {
  const auto tokens = static_cast<int64_t>(ids.size());
  StateFile state{.where = "state", .metadata = {}, .tensors = {}};
  Tensor list(DType::I32, {tokens});
  std::ranges::copy(ids, reinterpret_cast<int32_t*>(list.mutable_view().data));
  state.tensors["ids"] = list;
  for (size_t layer = 0; tokens > 0 && layer < pool.layers().size(); ++layer) {
    for (size_t part = 0; part < pool.layers()[layer].size(); ++part) {
      Tensor bytes(DType::U8, {pool.part_bytes(layer, part, tokens)});
      pool.read(slot, tokens, layer, part, bytes.mutable_view().data);
      if (bytes.view().bytes() > 0)
        state.tensors[part_name(layer, pool.layers()[layer][part])] = bytes;
    }
  }
  state.metadata = {{"format", kFormat},
                    {"version", kVersion},
                    {"model", fmt::format("{:016x}", origin.model)},
                    {"computing", origin.computing},
                    {"types", types_text(pool.options().types)},
                    {"note", note}};
  return state;
}

void write_state(const std::filesystem::path& path, const StateFile& state) {
  Metadata metadata = state.metadata;
  metadata["checksum"] = checksum(metadata, state.tensors);
  std::vector<NamedTensor> named;
  for (const auto& [name, tensor] : state.tensors) named.push_back({name, tensor});
  write_safetensors(path, named, metadata);
}

std::string state_checksum(const Safetensors& file) {
  std::map<std::string, Tensor> tensors;
  for (const NamedTensor& each : file.tensors) tensors[each.name] = each.tensor;
  return checksum(file.metadata, tensors);
}

StateFile read_state(const std::filesystem::path& path) {
  const std::string where = path.string();
  // Not mapped: a directory of states may be shared with whoever cuts files short.
  Safetensors file = read_safetensors(MappedFile::read(path));
  StateFile state{.where = where, .metadata = std::move(file.metadata), .tensors = {}};
  for (NamedTensor& each : file.tensors) state.tensors[each.name] = std::move(each.tensor);
  const Metadata& metadata = state.metadata;
  if (field(metadata, "checksum", where) != checksum(metadata, state.tensors))
    fail("{}: is damaged: its checksum differs", where);
  if (field(metadata, "format", where) != kFormat) fail("{}: is no conversation state", where);
  if (const auto& version = field(metadata, "version", where); version != kVersion)
    fail("{}: has version {}, this program reads {}", where, version, kVersion);
  field(metadata, "note", where);
  find(state.tensors, "ids", DType::I32, where);
  return state;
}

std::vector<int32_t> consumed(const StateFile& state) {
  const ConstTensorView ids = find(state.tensors, "ids", DType::I32, state.where).view();
  std::vector<int32_t> list(static_cast<size_t>(ids.shape[0]));
  if (!list.empty())  // a file's bytes may lie at any address
    std::memcpy(list.data(), ids.data, static_cast<size_t>(ids.bytes()));
  return list;
}

SequenceState unpack_state(const StateFile& file, const StatePool& pool,
                           const StateOrigin& origin) {
  const std::string& where = file.where;
  check_origin(file.metadata, pool, origin, where);
  SequenceState state{.ids = consumed(file), .parts = {}};
  std::set<std::string> known{"ids"};
  const auto tokens = static_cast<int64_t>(state.ids.size());
  for (size_t layer = 0; layer < pool.layers().size(); ++layer) {
    auto& parts = state.parts.emplace_back();
    for (size_t part = 0; part < pool.layers()[layer].size(); ++part) {
      Tensor& tensor = parts.emplace_back();
      const int64_t bytes = tokens == 0 ? 0 : pool.part_bytes(layer, part, tokens);
      if (bytes == 0) continue;
      const std::string name = part_name(layer, pool.layers()[layer][part]);
      tensor = find(file.tensors, name, DType::U8, where);
      known.insert(name);
      if (tensor.shape()[0] != bytes)
        fail("{}: tensor {} has {} bytes, expected {}", where, name, tensor.shape()[0], bytes);
    }
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (!known.contains(name)) fail("{}: tensor {} is unknown", where, name);
  }
  return state;
}

void restore_state(StatePool& pool, int32_t slot, const SequenceState& state) {
  const auto tokens = static_cast<int64_t>(state.ids.size());
  for (size_t layer = 0; layer < state.parts.size(); ++layer) {
    for (size_t part = 0; part < state.parts[layer].size(); ++part) {
      if (state.parts[layer][part])
        pool.write(slot, tokens, layer, part, state.parts[layer][part].view().data);
    }
  }
}

}  // namespace jet
