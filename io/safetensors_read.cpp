// Reading safetensors: the header is checked entry by entry, then the entries against one another
// and the file.
#include <algorithm>
#include <bit>
#include <cstring>

#include <nlohmann/json.hpp>

#include "core/checked.h"
#include "io/file.h"
#include "io/json.h"
#include "io/printable.h"
#include "io/safetensors.h"
#include "io/safetensors_dtype.h"

namespace jet {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are used in place");

struct Entry {
  std::string name;
  DType type;
  Shape shape;
  int64_t begin;  // bytes into the data
  int64_t end;
};

class Reader {
 public:
  explicit Reader(std::shared_ptr<const MappedFile> file)
      : file_(std::move(file)), where_(file_->path().string()) {}

  Safetensors read() {
    const Json header = parse_json(header_text(), where_ + ": header");
    Safetensors result;
    result.file = file_;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.get_ref<const Json::object_t&>()) {
      if (name == "__metadata__") {
        result.metadata = metadata(value);
      } else {
        entries.push_back(entry(name, value));
      }
    }
    std::ranges::stable_sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
    check_cover(entries);
    for (Entry& e : entries) result.tensors.push_back({std::move(e.name), tensor(e)});
    return result;
  }

 private:
  // Leaves data_ at the bytes after the header.
  std::string_view header_text() {
    const std::span<const std::byte> bytes = file_->bytes();
    uint64_t length = 0;
    if (bytes.size() < sizeof(length)) {
      fail("{}: {} bytes, a safetensors file begins with 8 bytes of header length", where_,
           bytes.size());
    }
    std::memcpy(&length, bytes.data(), sizeof(length));
    if (length > kMaxSafetensorsHeader) {
      fail("{}: a header of {} bytes, at most {} are allowed", where_, length,
           kMaxSafetensorsHeader);
    }
    const auto rest = bytes.subspan(sizeof(length));
    if (length > rest.size()) {
      fail("{}: cut short: the header has {} bytes, {} are left in the file", where_, length,
           rest.size());
    }
    data_ = rest.subspan(length);
    const std::string_view text(reinterpret_cast<const char*>(rest.data()), length);
    if (!text.starts_with('{')) fail("{}: byte 8: the header does not begin with '{{'", where_);
    const size_t last = text.find_last_not_of(' ');
    if (text[last] != '}') {
      fail("{}: byte {}: the header ends in other than '}}' and spaces", where_,
           sizeof(length) + last);
    }
    return text.substr(0, last + 1);
  }

  std::map<std::string, std::string> metadata(const Json& value) const {
    if (!value.is_object()) fail("{}: __metadata__ is not an object", where_);
    std::map<std::string, std::string> result;
    for (const auto& [key, text] : value.get_ref<const Json::object_t&>()) {
      if (!text.is_string()) {
        fail("{}: __metadata__: the value of \"{}\" is not a string", where_, printable(key));
      }
      result[key] = text.get_ref<const std::string&>();
    }
    return result;
  }

  Entry entry(const std::string& name, const Json& value) const {
    if (!value.is_object()) bad(name, "its entry is not an object");
    std::optional<DType> type;
    std::optional<Shape> shape;
    std::optional<std::vector<int64_t>> offsets;
    for (const auto& [key, field] : value.get_ref<const Json::object_t&>()) {
      if (key == "dtype") {
        type = dtype(name, field);
      } else if (key == "shape") {
        const std::vector<int64_t> sizes = integers(name, key, field);
        if (sizes.size() > Shape::kMaxRank) {
          bad(name,
              fmt::format("{} dimensions, at most {} are known", sizes.size(), Shape::kMaxRank));
        }
        shape = Shape(sizes);
      } else if (key == "data_offsets") {
        offsets = integers(name, key, field);
        if (offsets->size() != 2) bad(name, "data_offsets are not two numbers: begin and end");
      } else {
        bad(name, fmt::format("unknown field \"{}\", expected dtype, shape and data_offsets",
                              printable(key)));
      }
    }
    if (!type) bad(name, "dtype is missing");
    if (!shape) bad(name, "shape is missing");
    if (!offsets) bad(name, "data_offsets are missing");

    Entry result{name, *type, *shape, offsets->at(0), offsets->at(1)};
    if (result.begin > result.end) {
      bad(name, fmt::format("data_offsets {} to {} run backwards", result.begin, result.end));
    }
    check_size(result);
    return result;
  }

  void check_size(const Entry& e) const {
    int64_t expected = 0;
    try {
      expected = checked_mul(e.shape.elements(), block_bytes(e.type));
    } catch (const Error& error) {
      bad(e.name, error.what());
    }
    if (e.end - e.begin != expected) {
      bad(e.name, fmt::format("{} bytes of data (data_offsets {} to {}), {} of {} needs {}",
                              e.end - e.begin, e.begin, e.end, to_string(e.shape),
                              safetensors_name(e.type), expected));
    }
  }

  DType dtype(const std::string& name, const Json& field) const {
    if (!field.is_string()) bad(name, "dtype is not a string");
    const auto& text = field.get_ref<const std::string&>();
    const std::optional<DType> type = parse_safetensors_dtype(text);
    if (!type) bad(name, fmt::format("unknown dtype \"{}\"", printable(text)));
    return *type;
  }

  std::vector<int64_t> integers(const std::string& name, std::string_view key,
                                const Json& field) const {
    if (!field.is_array()) bad(name, fmt::format("{} is not an array", key));
    std::vector<int64_t> result;
    for (const Json& item : field) {
      if (!item.is_number_unsigned() || item.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
        bad(name, fmt::format("{} holds something other than integers from 0 to 2^63 - 1", key));
      }
      result.push_back(item.get<int64_t>());
    }
    return result;
  }

  // Sorted entries must follow one another from 0 to the end of the file.
  void check_cover(std::span<const Entry> entries) const {
    int64_t covered = 0;
    for (const Entry& e : entries) {
      if (e.begin > covered) {
        bad(e.name, fmt::format("a hole before it: bytes {} to {}", covered, e.begin));
      }
      if (e.begin < covered) {
        bad(e.name, fmt::format("overlaps the tensor before it at byte {}", e.begin));
      }
      covered = e.end;
    }
    const auto size = static_cast<int64_t>(data_.size());
    if (covered > size) {
      fail("{}: cut short: the tensors need {} bytes of data, the file has {}", where_, covered,
           size);
    }
    if (covered < size) {
      fail("{}: {} bytes of data after the last tensor, expected none", where_, size - covered);
    }
  }

  // Data that is not aligned to its type cannot be used in place.
  Tensor tensor(const Entry& e) const {
    const std::byte* data = data_.data() + e.begin;
    if (reinterpret_cast<uintptr_t>(data) % static_cast<size_t>(block_bytes(e.type)) == 0) {
      return Tensor(ConstTensorView{data, e.type, e.shape}, file_);
    }
    Tensor copy(e.type, e.shape);
    std::memcpy(copy.mutable_view().data, data, static_cast<size_t>(e.end - e.begin));
    return copy;
  }

  [[noreturn]] void bad(std::string_view name, std::string_view problem) const {
    fail("{}: tensor {}: {}", where_, printable(name), problem);
  }

  std::shared_ptr<const MappedFile> file_;
  std::string where_;
  std::span<const std::byte> data_;
};

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& path) {
  return read_safetensors(MappedFile::open(path));
}

Safetensors read_safetensors(std::shared_ptr<const MappedFile> file) {
  return Reader(std::move(file)).read();
}

}  // namespace jet
