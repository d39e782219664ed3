// Writing GGUF version 3: the header is made in memory, the tensors follow, each padded to the
// alignment.
#include <unordered_set>

#include "core/checked.h"
#include "io/file.h"
#include "io/gguf_format.h"
#include "io/printable.h"

namespace jet {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kMostNameBytes = 63;  // ggml keeps names in 64 bytes with a zero at the end

template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void append_string(std::string& out, std::string_view text) {
  append(out, static_cast<uint64_t>(text.size()));
  out += text;
}

void append_integer(std::string& out, GgufType type, int64_t value) {
  // Little-endian two's complement: a narrower integer is the first bytes of a wider one.
  out.append(reinterpret_cast<const char*>(&value), least_bytes(type));
}

void append_float(std::string& out, GgufType type, double value) {
  if (type == GgufType::F32) {
    append(out, static_cast<float>(value));
  } else {
    append(out, value);
  }
}

void append_value(std::string& out, const std::string& key, const GgufValue& value,
                  const std::string& where) {
  if (value.is_array) append(out, static_cast<uint32_t>(GgufType::Array));
  append(out, static_cast<uint32_t>(value.type));
  if (value.is_array) {
    append(out,
           std::visit([](const auto& v) { return static_cast<uint64_t>(v.size()); }, value.values));
  }

  if (const auto* integers = std::get_if<GgufValue::Integers>(&value.values)) {
    JET_CHECK(is_integer(value.type) || value.type == GgufType::Bool);
    const auto [least, most] = integer_range(value.type);
    for (const int64_t integer : *integers) {
      if (integer < least || integer > most) {
        fail("{}: metadata key {}: {} does not fit {}", where, printable(key), integer,
             name(value.type));
      }
      append_integer(out, value.type, integer);
    }
  } else if (const auto* floats = std::get_if<GgufValue::Floats>(&value.values)) {
    JET_CHECK(is_floating(value.type));
    for (const double number : *floats) append_float(out, value.type, number);
  } else {
    JET_CHECK(value.type == GgufType::String);
    for (const std::string& text : std::get<GgufValue::Strings>(value.values))
      append_string(out, text);
  }
}

void append_metadata(std::string& out, const GgufMetadata& metadata, const std::string& where) {
  for (const auto& [key, value] : metadata.entries()) {
    append_string(out, key);
    if (key == kGgufAlignmentKey) {  // a file read with another alignment is written with ours
      append(out, static_cast<uint32_t>(GgufType::U32));
      append(out, kGgufAlignment);
    } else {
      append_value(out, key, value, where);
    }
  }
}

void check(std::span<const NamedTensor> tensors, const std::string& where) {
  std::unordered_set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    const std::string shown = printable(name);
    if (!names.insert(name).second) fail("{}: the tensor name {} is given twice", where, shown);
    if (name.size() > kMostNameBytes) {
      fail("{}: tensor {}: a name of {} bytes, at most {} are allowed", where, shown, name.size(),
           kMostNameBytes);
    }
    if (!ggml_number(tensor.type())) {
      fail("{}: tensor {}: GGUF files cannot hold {}", where, shown, jet::name(tensor.type()));
    }
    const Shape& shape = tensor.shape();
    if (static_cast<uint32_t>(shape.rank()) > kGgufMaxDimensions || shape.elements() == 0) {
      fail(
          "{}: tensor {}: GGUF files cannot hold the shape {}: at most {} dimensions, none of them "
          "0",
          where, shown, to_string(shape), kGgufMaxDimensions);
    }
  }
}

size_t padding(int64_t bytes) { return static_cast<size_t>(-bytes) % kGgufAlignment; }

void append_infos(std::string& out, std::span<const NamedTensor> tensors) {
  int64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto sizes = tensor.shape().sizes();
    append_string(out, name);
    append(out, static_cast<uint32_t>(sizes.size()));
    for (auto size = sizes.rbegin(); size != sizes.rend(); ++size)
      append(out, static_cast<uint64_t>(*size));
    append(out, *ggml_number(tensor.type()));
    append(out, static_cast<uint64_t>(offset));
    const int64_t bytes = tensor.view().bytes();
    offset = checked_add(offset, checked_add(bytes, static_cast<int64_t>(padding(bytes))));
  }
}

}  // namespace

void write_gguf(const std::filesystem::path& path, const GgufMetadata& metadata,
                std::span<const NamedTensor> tensors, const OnWritten& on_written) {
  const std::string where = path.string();
  check(tensors, where);
  std::string header(kGgufMagic);
  append(header, kVersion);
  append(header, static_cast<uint64_t>(tensors.size()));
  append(header, static_cast<uint64_t>(metadata.entries().size()));
  append_metadata(header, metadata, where);
  append_infos(header, tensors);
  header.append(padding(static_cast<int64_t>(header.size())), '\0');

  AtomicFile file(path);
  file.write(header);
  for (const NamedTensor& t : tensors) {
    const ConstTensorView view = t.tensor.view();
    file.write(std::span(view.data, static_cast<size_t>(view.bytes())));
    file.write(std::string(padding(view.bytes()), '\0'));
    if (on_written) on_written(view.bytes());
  }
  file.commit();
}

}  // namespace jet
