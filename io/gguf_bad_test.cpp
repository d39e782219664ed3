// Files that break one rule of the GGUF format each: every one is an Error that names the file and
// the fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/gguf.h"
#include "io/test_files.h"

namespace jet {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;
using testing_files::bytes_of;
using testing_files::Directory;

struct Bad {
  std::string name;
  std::string bytes;
  std::string words;  // of the message
};

std::string u8(uint8_t value) { return bytes_of(value); }
std::string u32(uint32_t value) { return bytes_of(value); }
std::string u64(uint64_t value) { return bytes_of(value); }
std::string text(std::string_view value) { return u64(value.size()) + std::string(value); }

std::string head(uint64_t tensors, uint64_t entries, uint32_t version = 3) {
  return "GGUF" + u32(version) + u64(tensors) + u64(entries);
}

// A file of one metadata entry "k"; `value` begins with its type. Bytes follow, so that none is cut
// short.
std::string one_value(const std::string& value, const std::string& key = "k") {
  return head(0, 1) + text(key) + value + std::string(64, '\0');
}

std::string info(const std::string& name, const std::vector<uint64_t>& sizes, uint32_t type,
                 uint64_t offset) {
  std::string bytes = text(name) + u32(static_cast<uint32_t>(sizes.size()));
  for (const uint64_t size : sizes) bytes += u64(size);
  return bytes + u32(type) + u64(offset);
}

// `infos` and `data` bytes, which begin at a multiple of 32.
std::string tensors(const std::vector<std::string>& infos, size_t data) {
  std::string bytes = head(infos.size(), 0);
  for (const std::string& i : infos) bytes += i;
  bytes.resize((bytes.size() + 31) / 32 * 32);
  return bytes + std::string(data, 'd');
}

constexpr uint32_t kU8 = 0, kU32 = 4, kBool = 7, kString = 8, kArray = 9,
                   kU64 = 10;                        // types of values
constexpr uint32_t kF32 = 0, kQ4_0 = 2, kQ6_K = 14;  // types of tensors

void expect_errors(std::span<const Bad> cases) {
  const Directory directory;
  for (const auto& [name, bytes, words] : cases) {
    const auto path = directory.write("bad.gguf", bytes);
    EXPECT_THAT([&] { read_gguf(path); },
                ThrowsMessage<Error>(AllOf(StartsWith(path.string() + ": "), HasSubstr(words))))
        << name;
  }
}

TEST(GgufBadFile, Header) {
  const std::string big_endian = "GGUF" + std::string("\0\0\0\3", 4) + std::string(16, '\0');
  const Bad cases[] = {
      {"empty file", "", "cut short: the magic number needs 4 bytes, 0 are left"},
      {"another format", "PK\3\4 and so on, long enough", "not a GGUF file"},
      {"magic alone", "GGUF", "cut short: the version needs 4 bytes"},
      {"version 0", head(0, 0, 0), "GGUF version 0, only 2 and 3"},
      {"version 1", head(0, 0, 1), "GGUF version 1, only 2 and 3"},
      {"version 4", head(0, 0, 4), "GGUF version 4, only 2 and 3"},
      {"big-endian", big_endian, "a big-endian GGUF file"},
      {"no counts", "GGUF" + u32(3), "cut short: the number of tensors needs 8 bytes, 0 are left"},
      {"no entry count", "GGUF" + u32(3) + u64(0), "cut short: the number of metadata entries"},
      {"tensors beyond the file", head(UINT64_MAX, 0),
       "the number of tensors is 18446744073709551615, more than the 8"},
      {"tensors times size wraps", head(uint64_t{1} << 61, 0), "the number of tensors is"},
      {"entries beyond the file", head(0, UINT64_MAX),
       "the number of metadata entries is 18446744073709551615"},
      {"one entry in no bytes", head(0, 1),
       "the number of metadata entries is 1, more than the 0 bytes"},
  };
  expect_errors(cases);
}

TEST(GgufBadFile, Metadata) {
  const Bad cases[] = {
      {"key beyond the file", head(0, 1) + u64(1000) + std::string(32, 'k'),
       "cut short: the key of metadata entry 0 needs 1000 bytes, 32 are left"},
      {"key length near 2^64", head(0, 1) + u64(UINT64_MAX) + std::string(32, 'k'),
       "cut short: the key"},
      {"key above the limit", one_value(u32(kU8) + u8(1), std::string(65536, 'k')),
       "a key of 65536 bytes"},
      {"key twice", head(0, 2) + text("k") + u32(kU8) + u8(1) + text("k") + u32(kU8) + u8(1),
       "the key k is given twice"},
      {"unknown type", one_value(u32(13) + u64(0)), "the type of k is 13, types are 0 to 12"},
      {"negative type", one_value(u32(UINT32_MAX) + u64(0)), "the type of k is 4294967295"},
      {"value cut short", head(0, 1) + text("key") + u32(kU32) + "xy",
       "cut short: the value of key needs 4 bytes, 2 are left"},
      {"bool of 2", one_value(u32(kBool) + u8(2)), "the value of k holds 2, at most 1"},
      {"bool of 255", one_value(u32(kBool) + u8(255)), "the value of k holds 255"},
      {"u64 above 2^63 - 1", one_value(u32(kU64) + u64(uint64_t{1} << 63)),
       "holds 9223372036854775808, at most"},
      {"string beyond the file", one_value(u32(kString) + u64(1000)),
       "cut short: the value of k needs 1000 bytes, 64 are left"},
      {"string length near 2^64", one_value(u32(kString) + u64(UINT64_MAX - 7)),
       "cut short: the value of k"},
      {"array of arrays", one_value(u32(kArray) + u32(kArray) + u64(1) + u32(kU8) + u64(1)),
       "an array of arrays"},
      {"array of unknown type", one_value(u32(kArray) + u32(99) + u64(1)),
       "the element type of k is 99"},
      {"array beyond the file", one_value(u32(kArray) + u32(kU32) + u64(1000)),
       "the length of the array k is 1000, more than the 64 bytes left"},
      {"array length wraps", one_value(u32(kArray) + u32(kU64) + u64(uint64_t{1} << 61)),
       "the length of the array k"},
      {"strings beyond the file", one_value(u32(kArray) + u32(kString) + u64(9)),
       "the length of the array k is 9"},
      {"string in an array beyond the file",
       one_value(u32(kArray) + u32(kString) + u64(2) + text("a") + u64(UINT64_MAX)),
       "cut short: the value of k"},
      {"bool of 2 in an array",
       one_value(u32(kArray) + u32(kBool) + u64(3) + u8(0) + u8(1) + u8(2)), "holds 2"},
  };
  expect_errors(cases);
}

TEST(GgufBadFile, Alignment) {
  const auto alignment = [](const std::string& value) {
    return one_value(value, "general.alignment");
  };
  const Bad cases[] = {
      {"zero", alignment(u32(kU32) + u32(0)), "general.alignment: 0, expected"},
      {"four", alignment(u32(kU32) + u32(4)), "general.alignment: 4, expected an integer from 8"},
      {"not a power of two", alignment(u32(kU32) + u32(48)),
       "general.alignment is 48, expected a power of two"},
      {"2 MiB", alignment(u32(kU32) + u32(2 << 20)), "to 1048576"},
      {"u64", alignment(u32(kU64) + u64(32)), "general.alignment is not of type u32"},
      {"string", alignment(u32(kString) + text("32")), "general.alignment is not of type u32"},
      {"array", alignment(u32(kArray) + u32(kU32) + u64(1) + u32(32)),
       "general.alignment is not of type u32"},
  };
  expect_errors(cases);
}

TEST(GgufBadFile, TensorInfos) {
  const Bad cases[] = {
      {"name beyond the file", head(1, 0) + u64(1000) + std::string(32, 'n'),
       "cut short: the name of tensor 0"},
      {"name twice", tensors({info("x", {8}, kF32, 0), info("x", {8}, kF32, 32)}, 64),
       "the tensor name x is given twice"},
      {"five dimensions", tensors({info("x", {1, 1, 1, 1, 1}, kF32, 0)}, 32),
       "tensor x: 5 dimensions, at most 4"},
      {"dimensions near 2^32", head(1, 0) + text("x") + u32(UINT32_MAX) + std::string(64, '\0'),
       "tensor x: 4294967295 dimensions"},
      {"dimension of 0", tensors({info("x", {4, 0}, kF32, 0)}, 32), "tensor x: a dimension of 0"},
      {"dimension of 2^63", tensors({info("x", {uint64_t{1} << 63}, kF32, 0)}, 32),
       "tensor x: a dimension of 9223372036854775808"},
      {"product overflows",
       tensors({info("x", {uint64_t{1} << 32, uint64_t{1} << 32}, kF32, 0)}, 32),
       "tensor x: the size"},
      {"bytes overflow", tensors({info("x", {uint64_t{1} << 62}, kF32, 0)}, 32), "overflows"},
      {"row of a part of a block", tensors({info("x", {33}, kQ4_0, 0)}, 64),
       "tensor x: a row of 33 numbers is not a whole number of q4_0 blocks of 32"},
      {"blocks across rows", tensors({info("x", {128, 2}, kQ6_K, 0)}, 256), "a row of 128 numbers"},
      {"unsupported type", tensors({info("x", {256}, 16, 0)}, 256),
       "tensor x: type 16 (IQ2_XXS) is not supported; convert"},
      {"removed type", tensors({info("x", {32}, 4, 0)}, 256),
       "tensor x: type 4 (Q4_2) is not supported"},
      {"unknown type", tensors({info("x", {256}, 77, 0)}, 256),
       "tensor x: type 77 is not supported"},
      {"type near 2^32", tensors({info("x", {256}, UINT32_MAX, 0)}, 256),
       "type 4294967295 is not supported"},
      {"info cut short", head(1, 0) + text("some.name") + u32(1) + u64(8),
       "cut short: the type of some.name"},
  };
  expect_errors(cases);
}

TEST(GgufBadFile, TensorPlaces) {
  const Bad cases[] = {
      {"offset not aligned", tensors({info("x", {8}, kF32, 16)}, 64),
       "tensor x: its offset 16 is not a multiple of the alignment 32"},
      {"data cut short", tensors({info("x", {8}, kF32, 0)}, 31),
       "cut short: tensor x has 32 bytes at offset 0 of the data, which begins at byte 64; the "
       "file has 95 bytes"},
      {"no data", tensors({info("x", {8}, kF32, 0)}, 0), "cut short: tensor x"},
      {"file ends before the data", head(1, 0) + info("x", {8}, kF32, 0), "cut short: tensor x"},
      {"offset beyond the file", tensors({info("x", {8}, kF32, 96)}, 64), "cut short: tensor x"},
      {"offset near 2^64", tensors({info("x", {8}, kF32, UINT64_MAX - 31)}, 64),
       "cut short: tensor x"},
      {"larger than the file", tensors({info("x", {uint64_t{1} << 60}, kF32, 0)}, 64),
       "cut short: tensor x"},
      {"overlap", tensors({info("x", {16}, kF32, 0), info("y", {8}, kF32, 32)}, 64),
       "tensors x and y overlap at offset 32"},
      {"overlap out of order", tensors({info("x", {8}, kF32, 32), info("y", {16}, kF32, 0)}, 64),
       "tensors y and x overlap"},
      {"the same bytes twice", tensors({info("x", {8}, kF32, 0), info("y", {8}, kF32, 0)}, 64),
       "overlap at offset 0"},
  };
  expect_errors(cases);
}

std::string good_file() {
  std::string bytes = head(2, 3) + text("general.name") + u32(kString) + text("a model") +
                      text("k") + u32(kU32) + u32(7) + text("tokens") + u32(kArray) + u32(kString) +
                      u64(2) + text("a") + text("b") + info("x", {8, 2}, kF32, 0) +
                      info("y", {32}, kQ4_0, 64);
  bytes.resize((bytes.size() + 31) / 32 * 32);
  return bytes + std::string(64 + 18, 'd');
}

TEST(GgufBadFile, EveryPrefixIsRefused) {
  const Directory directory;
  const std::string good = good_file();
  EXPECT_EQ(read_gguf(directory.write("a", good)).tensors.size(), 2u);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(read_gguf(directory.write("a", good.substr(0, size))), Error) << size;
  }
}

// Whatever one byte becomes, the file is read or refused: no other exception, no crash, no large
// allocation.
TEST(GgufBadFile, ChangedBytesAreReadOrRefused) {
  const Directory directory;
  const std::string good = good_file();
  for (size_t at = 0; at < good.size() - 82; ++at) {
    for (const char c : {'\0', '\1', '\x7f', '\x80', '\xff'}) {
      std::string bytes = good;
      bytes[at] = c;
      try {
        read_gguf(directory.write("a", bytes));
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace jet
