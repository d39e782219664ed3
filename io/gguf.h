// The GGUF format, versions 2 and 3 (github.com/ggml-org/ggml, docs/gguf.md): typed metadata,
// tensor table, data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "io/file.h"
#include "io/named_tensor.h"

namespace jet {

// Arrays hold one element type each; integers of every width are widened on reading and `type`
// remembers the width.
enum class GgufType : uint32_t {
  U8,
  I8,
  U16,
  I16,
  U32,
  I32,
  F32,
  Bool,
  String,
  Array,
  U64,
  I64,
  F64,
};

struct GgufValue {
  using Integers =
      std::vector<int64_t>;  // all integer widths and Bool; a U64 above 2^63-1 is refused
  using Floats = std::vector<double>;
  using Strings = std::vector<std::string>;

  GgufType type = GgufType::U32;  // of the value, or of an array's elements
  bool is_array = false;
  std::variant<Integers, Floats, Strings> values;  // one element unless is_array
};

class GgufMetadata {
 public:
  bool has(std::string_view key) const { return find(key) != nullptr; }
  const GgufValue* find(std::string_view key) const;
  void set(std::string key, GgufValue value);  // replaces
  const std::vector<std::pair<std::string, GgufValue>>& entries() const { return entries_; }

  // Getters throw Error naming the file, the key, and what would be right.
  int64_t integer(std::string_view key, int64_t least, int64_t most) const;
  std::optional<int64_t> optional_integer(std::string_view key, int64_t least, int64_t most) const;
  double number(std::string_view key) const;
  std::optional<double> optional_number(std::string_view key) const;
  std::string string(std::string_view key) const;
  std::optional<std::string> optional_string(std::string_view key) const;
  std::optional<bool> optional_boolean(std::string_view key) const;
  // nullptr when absent; Error when not an array of that kind.
  const GgufValue::Strings* strings(std::string_view key) const;
  const GgufValue::Integers* integers(std::string_view key) const;
  const GgufValue::Floats* floats(std::string_view key) const;

  void set_integer(std::string key, int64_t value, GgufType type = GgufType::U32);
  void set_number(std::string key, double value, GgufType type = GgufType::F32);
  void set_boolean(std::string key, bool value);
  void set_string(std::string key, std::string value);
  void set_strings(std::string key, GgufValue::Strings values);
  void set_integers(std::string key, GgufValue::Integers values, GgufType type = GgufType::I32);

  std::string where;  // the file, for messages

 private:
  std::vector<std::pair<std::string, GgufValue>> entries_;
  std::map<std::string, size_t, std::less<>> index_;  // of entries_, by key
};

struct Gguf {
  uint32_t version = 3;
  GgufMetadata metadata;
  std::shared_ptr<const MappedFile> file;
  std::vector<NamedTensor>
      tensors;  // shapes row-major: the reverse of the file's; bytes shared with the mapping
};

// Throws Error naming the file and the key, tensor or byte at fault: counts and lengths are
// compared with the bytes that remain before anything is allocated.
Gguf read_gguf(const std::filesystem::path& path);

// Writes version 3, alignment 32, atomically.
void write_gguf(const std::filesystem::path& path, const GgufMetadata& metadata,
                std::span<const NamedTensor> tensors, const OnWritten& on_written = {});

}  // namespace jet
