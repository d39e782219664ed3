// Reading GGUF: the header is checked entry by entry, tensors stay in the mapping.
#include <algorithm>
#include <bit>
#include <unordered_set>

#include "core/checked.h"
#include "io/file.h"
#include "io/gguf_cursor.h"
#include "io/gguf_format.h"
#include "io/gguf_read_metadata.h"
#include "io/printable.h"

namespace jet {
namespace {

static_assert(std::endian::native == std::endian::little,
              "tensors are used as they lie in the file");

// The least bytes of an entry: of metadata its key's length, type and a value of one byte; of a
// tensor its name's length, number of dimensions, type and offset.
constexpr size_t kLeastEntry = 8 + 4 + 1;
constexpr size_t kLeastTensor = 8 + 4 + 4 + 8;

struct Counts {
  uint64_t tensors;
  uint64_t entries;
};

struct Info {
  std::string_view name;
  DType type;
  Shape shape;
  uint64_t offset;  // bytes into the data
  int64_t bytes;
};

uint32_t read_version(GgufCursor& in) {
  const auto magic = in.take(kGgufMagic.size(), "the magic number");
  if (std::memcmp(magic.data(), kGgufMagic.data(), magic.size()) != 0) {
    fail("{}: not a GGUF file: it does not begin with \"GGUF\"", in.where());
  }
  const auto version = in.number<uint32_t>("the version");
  if (version == 2 || version == 3) return version;
  if (version != 0 && (version & 0xffffu) == 0) {
    fail("{}: a big-endian GGUF file, only little-endian ones are supported", in.where());
  }
  fail("{}: GGUF version {}, only 2 and 3 are supported; convert the model again", in.where(),
       version);
}

Counts read_counts(GgufCursor& in) {
  const uint64_t tensors = in.count(kLeastTensor, "the number of tensors");
  const uint64_t entries = in.count(kLeastEntry, "the number of metadata entries");
  return {tensors, entries};
}

uint64_t alignment_of(const GgufMetadata& metadata) {
  constexpr int64_t kLeast = 8;
  constexpr int64_t kMost = 1 << 20;
  const GgufValue* value = metadata.find(kGgufAlignmentKey);
  if (value == nullptr) return kGgufAlignment;
  if (value->is_array || value->type != GgufType::U32) {
    fail("{}: {} is not of type u32", metadata.where, kGgufAlignmentKey);
  }
  const auto alignment = static_cast<uint64_t>(metadata.integer(kGgufAlignmentKey, kLeast, kMost));
  if (!std::has_single_bit(alignment)) {
    fail("{}: {} is {}, expected a power of two", metadata.where, kGgufAlignmentKey, alignment);
  }
  return alignment;
}

// The sizes of a tensor, outermost first: the file has them innermost first.
Shape read_shape(GgufCursor& in, std::string_view tensor) {
  const auto rank = in.number<uint32_t>("the number of dimensions of " + printable(tensor));
  if (rank > kGgufMaxDimensions) {
    in.bad(fmt::format("tensor {}: {} dimensions, at most {} are allowed", printable(tensor), rank,
                       kGgufMaxDimensions));
  }
  std::vector<int64_t> sizes(rank);
  for (int64_t& size : sizes) {
    size = in.number<int64_t>("a dimension of " + printable(tensor));
    if (size <= 0) {
      in.bad(fmt::format("tensor {}: a dimension of {}, expected 1 to 2^63 - 1", printable(tensor),
                         static_cast<uint64_t>(size)));
    }
  }
  std::ranges::reverse(sizes);
  return Shape(sizes);
}

DType read_tensor_type(GgufCursor& in, std::string_view tensor) {
  const auto number = in.number<uint32_t>("the type of " + printable(tensor));
  const std::optional<DType> type = parse_ggml_number(number);
  if (type) return *type;
  const std::string_view known = ggml_name(number);
  in.bad(fmt::format(
      "tensor {}: type {}{}{}{} is not supported; convert to F32, F16, BF16, Q4_0, Q4_1, Q5_0, "
      "Q5_1, Q8_0, Q4_K, Q5_K or Q6_K",
      printable(tensor), number, known.empty() ? "" : " (", known, known.empty() ? "" : ")"));
}

Info read_info(GgufCursor& in, uint64_t number) {
  Info info;
  info.name = in.string(fmt::format("the name of tensor {}", number));
  info.shape = read_shape(in, info.name);
  info.type = read_tensor_type(in, info.name);
  info.offset = in.number<uint64_t>("the offset of " + printable(info.name));
  try {
    info.bytes = ConstTensorView{nullptr, info.type, info.shape}.bytes();
  } catch (const Error& error) {
    in.bad(fmt::format("tensor {}: {}", printable(info.name), error.what()));
  }
  return info;
}

std::vector<Info> read_infos(GgufCursor& in, uint64_t count) {
  std::vector<Info> infos;
  infos.reserve(count);
  std::unordered_set<std::string_view> names;
  for (uint64_t i = 0; i < count; ++i) {
    infos.push_back(read_info(in, i));
    const std::string_view name = infos.back().name;
    if (!names.insert(name).second) {
      in.bad(fmt::format("the tensor name {} is given twice", printable(name)));
    }
  }
  return infos;
}

void check_place(const Info& info, uint64_t alignment, size_t begin, size_t file_bytes,
                 const std::string& where) {
  const std::string tensor = printable(info.name);
  if (info.offset % alignment != 0) {
    fail("{}: tensor {}: its offset {} is not a multiple of the alignment {}", where, tensor,
         info.offset, alignment);
  }
  const size_t available = file_bytes > begin ? file_bytes - begin : 0;
  const auto bytes = static_cast<uint64_t>(info.bytes);
  if (info.offset > available || bytes > available - info.offset) {
    fail(
        "{}: cut short: tensor {} has {} bytes at offset {} of the data, which begins at byte {}; "
        "the file has {} bytes",
        where, tensor, bytes, info.offset, begin, file_bytes);
  }
}

// Places are within the file: the sums cannot overflow.
void check_overlaps(std::span<const Info> infos, const std::string& where) {
  std::vector<const Info*> order;
  order.reserve(infos.size());
  for (const Info& info : infos) order.push_back(&info);
  std::ranges::sort(order, {}, &Info::offset);
  for (size_t i = 1; i < order.size(); ++i) {
    const Info& before = *order[i - 1];
    if (before.offset + static_cast<uint64_t>(before.bytes) > order[i]->offset) {
      fail("{}: tensors {} and {} overlap at offset {}", where, printable(before.name),
           printable(order[i]->name), order[i]->offset);
    }
  }
}

}  // namespace

Gguf read_gguf(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  GgufCursor in(file->bytes(), path.string());
  Gguf gguf;
  gguf.file = file;
  gguf.version = read_version(in);
  const Counts counts = read_counts(in);
  gguf.metadata = read_gguf_metadata(in, counts.entries);
  const uint64_t alignment = alignment_of(gguf.metadata);
  const std::vector<Info> infos = read_infos(in, counts.tensors);
  const size_t data = (in.position() + alignment - 1) / alignment * alignment;
  for (const Info& info : infos)
    check_place(info, alignment, data, file->bytes().size(), in.where());
  check_overlaps(infos, in.where());

  gguf.tensors.reserve(infos.size());
  for (const Info& info : infos) {
    const ConstTensorView view{file->bytes().data() + data + info.offset, info.type, info.shape};
    gguf.tensors.push_back({std::string(info.name), Tensor(view, file)});
  }
  return gguf;
}

}  // namespace jet
