// Writing safetensors: the header is made from the tensors, then their bytes follow in the same
// order.
#include <algorithm>
#include <unordered_set>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/checked.h"
#include "io/file.h"
#include "io/json.h"
#include "io/printable.h"
#include "io/safetensors.h"
#include "io/safetensors_dtype.h"

namespace jet {
namespace {

// A JSON string with its quotes. Throws Error when the text is not UTF-8.
std::string quoted(std::string_view text, std::string_view where) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    fail("{}: the name \"{}\" is not UTF-8", where, printable(text));
  }
}

void check(std::span<const NamedTensor> tensors, const std::string& where) {
  std::unordered_set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__") fail("{}: a tensor cannot be called __metadata__", where);
    if (!names.insert(name).second) {
      fail("{}: the tensor name {} is given twice", where, printable(name));
    }
    if (safetensors_name(tensor.type()).empty()) {
      fail("{}: tensor {}: safetensors files cannot hold {}", where, printable(name),
           jet::name(tensor.type()));
    }
  }
}

// Large elements first, so that each tensor is aligned to its own; otherwise in the given order.
std::vector<const NamedTensor*> order_of_data(std::span<const NamedTensor> tensors) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const NamedTensor* t) { return block_bytes(t->tensor.type()); });
  return order;
}

std::string make_header(std::span<const NamedTensor* const> tensors,
                        const std::map<std::string, std::string>& metadata,
                        const std::string& where) {
  std::string header = "{";
  const auto separate = [&] {
    if (header.size() > 1) header += ',';
  };
  if (!metadata.empty()) {
    std::vector<std::string> items;
    items.reserve(metadata.size());
    for (const auto& [key, value] : metadata)
      items.push_back(quoted(key, where) + ':' + quoted(value, where));
    header += fmt::format("\"__metadata__\":{{{}}}", fmt::join(items, ","));
  }
  int64_t begin = 0;
  for (const NamedTensor* t : tensors) {
    const ConstTensorView view = t->tensor.view();
    const int64_t end = checked_add(begin, view.bytes());
    separate();
    header += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                          quoted(t->name, where), safetensors_name(view.type),
                          fmt::join(view.shape.sizes(), ","), begin, end);
    begin = end;
  }
  header += '}';
  constexpr size_t kAlignment = 8;
  header.append((kAlignment - header.size() % kAlignment) % kAlignment, ' ');
  if (header.size() > kMaxSafetensorsHeader) {
    fail("{}: a header of {} bytes, at most {} are allowed", where, header.size(),
         kMaxSafetensorsHeader);
  }
  return header;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata,
                       const OnWritten& on_written) {
  const std::string where = path.string();
  check(tensors, where);
  const std::vector<const NamedTensor*> order = order_of_data(tensors);
  const std::string header = make_header(order, metadata, where);

  AtomicFile file(path);
  const uint64_t length = header.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const NamedTensor* t : order) {
    const ConstTensorView view = t->tensor.view();
    file.write(std::span(view.data, static_cast<size_t>(view.bytes())));
    if (on_written) on_written(view.bytes());
  }
  file.commit();
}

}  // namespace jet
