#include "models/files/hf_directory.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "io/atomic_directory.h"
#include "io/file.h"
#include "io/printable.h"
#include "io/safetensors.h"
#include "models/family.h"
#include "text/tokenizer_json.h"

namespace jet {
namespace {

namespace fs = std::filesystem;

Json read_json(const fs::path& path) { return parse_json(read_text_file(path), path.string()); }

Json read_json_if_there(const fs::path& path) {
  return file_exists(path) ? read_json(path) : Json(nullptr);
}

void add_tensors(const fs::path& file, Checkpoint& checkpoint) {
  Safetensors read = read_safetensors(file);
  checkpoint.files.push_back(read.file);
  for (NamedTensor& named : read.tensors) {
    if (!checkpoint.tensors.emplace(named.name, std::move(named.tensor)).second) {
      fail("{}: tensor {} stands in another file of the model too", file.string(),
           printable(named.name));
    }
  }
}

// The files an index names; each tensor must then stand in the file that the index gives it.
void add_shards(const fs::path& directory, const fs::path& index, Checkpoint& checkpoint) {
  const Json json = read_json(index);
  const Fields map = Fields(json, index.string()).object("weight_map");
  std::map<std::string, std::string> file_of;
  std::set<std::string> files;
  for (const auto& [tensor, file] : map.json().items()) {
    if (!file.is_string()) map.bad(tensor, "expected the name of a file");
    const std::string name = file.get<std::string>();
    if (name.empty() || fs::path(name).filename() != fs::path(name) ||
        !name.ends_with(".safetensors")) {
      map.bad(tensor, "expected the name of a .safetensors file in the same directory");
    }
    file_of[tensor] = name;
    files.insert(name);
  }
  for (const std::string& file : files) {
    Safetensors read = read_safetensors(directory / file);
    checkpoint.files.push_back(read.file);
    for (NamedTensor& named : read.tensors) {
      const auto listed = file_of.find(named.name);
      if (listed == file_of.end() || listed->second != file) {
        fail("{}: tensor {} is not listed for this file in {}", (directory / file).string(),
             named.name, index.filename().string());
      }
      checkpoint.tensors.emplace(named.name, std::move(named.tensor));
    }
  }
  for (const auto& [tensor, file] : file_of) {
    if (!checkpoint.tensors.contains(tensor)) {
      fail("{}: tensor {} is missing, {} promises it", (directory / file).string(), tensor,
           index.filename().string());
    }
  }
}

void add_weights(const fs::path& directory, Checkpoint& checkpoint) {
  const fs::path index = directory / "model.safetensors.index.json";
  const fs::path single = directory / "model.safetensors";
  if (file_exists(index)) return add_shards(directory, index, checkpoint);
  if (file_exists(single)) return add_tensors(single, checkpoint);
  if (file_exists(directory / "pytorch_model.bin") ||
      file_exists(directory / "pytorch_model.bin.index.json")) {
    fail("{}: holds pytorch_model.bin, a pickle, which is not read; save the model as safetensors",
         directory.string());
  }
  fail("{}: holds no model.safetensors and no model.safetensors.index.json", directory.string());
}

// From tokenizer_config.json, where it is a string or a list of named ones, or a file of its own,
// which wins.
std::string read_chat_template(const fs::path& directory, const Json& config) {
  const fs::path file = directory / "chat_template.jinja";
  if (file_exists(file)) return read_text_file(file);
  if (!config.is_object() || !config.contains("chat_template")) return "";
  const Json& value = config.at("chat_template");
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    for (const Json& entry : value) {
      if (entry.is_object() && entry.value("name", "") == "default" && entry.contains("template") &&
          entry["template"].is_string()) {
        return entry["template"].get<std::string>();
      }
    }
  }
  fail("{}: field chat_template: expected a string or a list with one named default",
       (directory / "tokenizer_config.json").string());
}

void add_eos(std::vector<int32_t>& list, const std::vector<int32_t>& more) {
  for (const int32_t id : more) {
    if (std::ranges::find(list, id) == list.end()) list.push_back(id);
  }
}

// generation_config.json, completed by the ids in config.json and by the tokenizer's.
GenerationConfig read_generation(const fs::path& directory, const Checkpoint& checkpoint) {
  const GenerationConfig from_config =
      parse_generation_fields(checkpoint.config, (directory / "config.json").string());
  GenerationConfig generation;
  const fs::path file = directory / "generation_config.json";
  if (file_exists(file)) generation = parse_generation_config(read_json(file), file.string());
  if (!generation.bos) generation.bos = from_config.bos;
  if (!generation.pad) generation.pad = from_config.pad;
  add_eos(generation.eos, from_config.eos);
  if (checkpoint.tokenizer) add_eos(generation.eos, checkpoint.tokenizer->eos);
  return generation;
}

std::vector<NamedTensor> sorted_tensors(const Checkpoint& checkpoint) {
  std::vector<NamedTensor> list;
  for (const TensorSpec& spec : decoder_tensors(checkpoint.spec))
    list.push_back({spec.name, checkpoint.tensor(spec.name)});
  return list;
}

void write_weights(const fs::path& directory, const std::vector<NamedTensor>& tensors,
                   const HfWriteOptions& options) {
  std::vector<std::vector<NamedTensor>> shards(1);
  int64_t used = 0;
  int64_t total = 0;
  for (const NamedTensor& tensor : tensors) {
    const int64_t bytes = tensor.tensor.view().bytes();
    if (used > 0 && used + bytes > options.shard_bytes) {
      shards.emplace_back();
      used = 0;
    }
    shards.back().push_back(tensor);
    used += bytes;
    total += bytes;
  }
  const std::map<std::string, std::string> metadata{{"format", "pt"}};
  if (shards.size() == 1)
    return write_safetensors(directory / "model.safetensors", tensors, metadata,
                             options.on_written);
  Json map = Json::object();
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string file = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    write_safetensors(directory / file, shards[i], metadata, options.on_written);
    for (const NamedTensor& tensor : shards[i]) map[tensor.name] = file;
  }
  AtomicFile index(directory / "model.safetensors.index.json");
  index.write(Json{{"metadata", {{"total_size", total}}}, {"weight_map", map}}.dump(2) + "\n");
  index.commit();
}

void write_json(const fs::path& path, const Json& json) {
  AtomicFile file(path);
  file.write(json.dump(2) + "\n");
  file.commit();
}

}  // namespace

TextFiles open_hf_text(const fs::path& directory) {
  const fs::path file = directory / "tokenizer.json";
  if (!file_exists(file)) fail("{}: holds no tokenizer.json", directory.string());
  const Json config = read_json_if_there(directory / "tokenizer_config.json");
  return {parse_tokenizer_json(read_text_file(file), config, file.string()),
          read_chat_template(directory, config)};
}

Checkpoint open_hf_directory(const fs::path& directory) {
  Checkpoint checkpoint;
  checkpoint.path = directory;
  const fs::path config = directory / "config.json";
  if (!file_exists(config))
    fail("{}: holds no config.json, so it is no model directory", directory.string());
  checkpoint.config = read_json(config);
  checkpoint.spec = parse_decoder_config(checkpoint.config, config.string());
  add_weights(directory, checkpoint);
  verify_tensors(checkpoint, directory.string());
  if (file_exists(directory / "tokenizer.json")) {
    TextFiles text = open_hf_text(directory);
    checkpoint.tokenizer = std::move(text.tokenizer);
    checkpoint.chat_template = std::move(text.chat_template);
  }
  checkpoint.generation = read_generation(directory, checkpoint);
  if (checkpoint.tokenizer) checkpoint.tokenizer->eos = checkpoint.generation.eos;
  return checkpoint;
}

void save_hf_directory(const Checkpoint& checkpoint, const fs::path& named,
                       const HfWriteOptions& options) {
  const fs::path directory = named.has_filename() ? named : named.parent_path();  // without "/"
  AtomicDirectory output(directory);
  const fs::path& temporary = output.temporary();
  write_weights(temporary, sorted_tensors(checkpoint), options);
  write_json(temporary / "config.json", checkpoint.config);
  write_json(temporary / "generation_config.json", generation_config_json(checkpoint.generation));
  if (checkpoint.tokenizer) {
    AtomicFile file(temporary / "tokenizer.json");
    file.write(tokenizer_json(*checkpoint.tokenizer));
    file.commit();
    Json config = tokenizer_config_json(*checkpoint.tokenizer);
    if (!checkpoint.chat_template.empty()) config["chat_template"] = checkpoint.chat_template;
    write_json(temporary / "tokenizer_config.json", config);
  }
  output.commit();
}

}  // namespace jet
