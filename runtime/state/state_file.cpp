#include "runtime/state/state_file.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "core/error.h"
#include "core/hash.h"

namespace jet {
namespace {

constexpr const char* kFormat = "jet conversation state";
constexpr const char* kVersion = "1";

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

Tensor take(std::map<std::string, Tensor>& tensors, const std::string& name, DType type,
            const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) fail("{}: tensor {} is missing", where, name);
  Tensor tensor = std::move(found->second);
  tensors.erase(found);
  if (tensor.type() != type || tensor.shape().rank() != 1)
    fail("{}: tensor {} is {} {}, expected a list of {}", where, name, jet::name(tensor.type()),
         to_string(tensor.shape()), jet::name(type));
  return tensor;
}

void check_metadata(const Metadata& metadata, const StatePool& pool, uint64_t fingerprint,
                    const std::string& where) {
  if (field(metadata, "format", where) != kFormat) fail("{}: is no conversation state", where);
  if (const auto& version = field(metadata, "version", where); version != kVersion)
    fail("{}: has version {}, this program reads {}", where, version, kVersion);
  if (field(metadata, "model", where) != fmt::format("{:016x}", fingerprint))
    fail("{}: was saved with another model; load it with that one", where);
  const std::string types = types_text(pool.options().types);
  if (const auto& saved = field(metadata, "types", where); saved != types)
    fail("{}: holds states of the types {}; the engine keeps {}", where, saved, types);
}

}  // namespace

void write_state(const std::filesystem::path& path, const StatePool& pool, int32_t slot,
                 std::span<const int32_t> ids, uint64_t fingerprint, const std::string& note) {
  const auto tokens = static_cast<int64_t>(ids.size());
  std::map<std::string, Tensor> tensors;
  Tensor list(DType::I32, {tokens});
  std::ranges::copy(ids, reinterpret_cast<int32_t*>(list.mutable_view().data));
  tensors["ids"] = list;
  for (size_t layer = 0; tokens > 0 && layer < pool.layers().size(); ++layer) {
    for (size_t part = 0; part < pool.layers()[layer].size(); ++part) {
      Tensor bytes(DType::U8, {pool.part_bytes(layer, part, tokens)});
      pool.read(slot, tokens, layer, part, bytes.mutable_view().data);
      if (bytes.view().bytes() > 0) tensors[part_name(layer, pool.layers()[layer][part])] = bytes;
    }
  }
  Metadata metadata{{"format", kFormat},
                    {"version", kVersion},
                    {"model", fmt::format("{:016x}", fingerprint)},
                    {"types", types_text(pool.options().types)},
                    {"note", note}};
  metadata["checksum"] = checksum(metadata, tensors);
  std::vector<NamedTensor> named;
  for (const auto& [name, tensor] : tensors) named.push_back({name, tensor});
  write_safetensors(path, named, metadata);
}

std::string state_checksum(const Safetensors& file) {
  std::map<std::string, Tensor> tensors;
  for (const NamedTensor& each : file.tensors) tensors[each.name] = each.tensor;
  return checksum(file.metadata, tensors);
}

SavedState read_state(const std::filesystem::path& path, const StatePool& pool,
                      uint64_t fingerprint) {
  const std::string where = path.string();
  Safetensors file = read_safetensors(path);
  std::map<std::string, Tensor> tensors;
  for (NamedTensor& each : file.tensors) tensors[each.name] = std::move(each.tensor);
  if (field(file.metadata, "checksum", where) != checksum(file.metadata, tensors))
    fail("{}: is damaged: its checksum differs", where);
  check_metadata(file.metadata, pool, fingerprint, where);

  SavedState saved{.ids = {}, .note = field(file.metadata, "note", where), .parts = {}};
  const Tensor ids = take(tensors, "ids", DType::I32, where);
  saved.ids.resize(static_cast<size_t>(ids.shape()[0]));
  if (!saved.ids.empty())  // the file's bytes may lie at any address
    std::memcpy(saved.ids.data(), ids.view().data, static_cast<size_t>(ids.view().bytes()));
  const int64_t tokens = ids.shape()[0];
  for (size_t layer = 0; layer < pool.layers().size(); ++layer) {
    auto& parts = saved.parts.emplace_back();
    for (size_t part = 0; part < pool.layers()[layer].size(); ++part) {
      Tensor& tensor = parts.emplace_back();
      const int64_t bytes = tokens == 0 ? 0 : pool.part_bytes(layer, part, tokens);
      if (bytes == 0) continue;
      const std::string name = part_name(layer, pool.layers()[layer][part]);
      tensor = take(tensors, name, DType::U8, where);
      if (tensor.shape()[0] != bytes)
        fail("{}: tensor {} has {} bytes, expected {}", where, name, tensor.shape()[0], bytes);
    }
  }
  if (!tensors.empty()) fail("{}: tensor {} is unknown", where, tensors.begin()->first);
  return saved;
}

void restore_state(StatePool& pool, int32_t slot, const SavedState& saved) {
  const auto tokens = static_cast<int64_t>(saved.ids.size());
  for (size_t layer = 0; layer < saved.parts.size(); ++layer) {
    for (size_t part = 0; part < saved.parts[layer].size(); ++part) {
      if (saved.parts[layer][part])
        pool.write(slot, tokens, layer, part, saved.parts[layer][part].view().data);
    }
  }
}

}  // namespace jet
