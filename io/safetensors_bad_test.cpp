// Files that break one rule of the safetensors format each: every one is an Error that names the
// file and the fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/safetensors.h"
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

std::string file(const std::string& header, size_t data = 0) {
  return bytes_of<uint64_t>(header.size()) + header + std::string(data, 'd');
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

// A file of one tensor "x", whose data has `data` bytes.
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets,
                size_t data) {
  return file("{" + entry("x", dtype, shape, offsets) + "}", data);
}

void expect_errors(std::span<const Bad> cases) {
  const Directory directory;
  for (const auto& [name, bytes, words] : cases) {
    const auto path = directory.write("bad.safetensors", bytes);
    EXPECT_THAT([&] { read_safetensors(path); },
                ThrowsMessage<Error>(AllOf(StartsWith(path.string() + ": "), HasSubstr(words))))
        << name;
  }
}

TEST(SafetensorsBadFile, HeaderLength) {
  const std::string good = one("U8", "[4]", "[0,4]", 4);
  const Bad cases[] = {
      {"empty file", "", "0 bytes"},
      {"seven bytes", std::string("\1\0\0\0\0\0\0", 7), "begins with 8 bytes"},
      {"length of 0", file(""), "does not begin with '{'"},
      {"length without header", bytes_of<uint64_t>(2), "the header has 2 bytes, 0 are left"},
      {"header cut short", good.substr(0, 30), "22 are left"},
      {"above the limit", bytes_of<uint64_t>(100'000'001) + "{}", "at most 100000000"},
      {"length near 2^64", bytes_of<uint64_t>(UINT64_MAX) + "{}", "at most 100000000"},
      {"length near 2^63", bytes_of<uint64_t>(INT64_MAX) + "{}", "at most 100000000"},
  };
  expect_errors(cases);
}

TEST(SafetensorsBadFile, HeaderText) {
  const Bad cases[] = {
      {"space in front", file(" {}"), "byte 8: the header does not begin"},
      {"array", file("[]"), "does not begin"},
      {"byte order mark", file("\xef\xbb\xbf{}"), "does not begin"},
      {"line break behind", file("{}\n"), "byte 10: the header ends in other than"},
      {"zero behind", file(std::string("{}\0", 3)), "byte 10"},
      {"text behind", file("{} {}"), "line 1, column 4"},
      {"no JSON", file("{\"a\"}"), "header: line 1, column 5"},
      {"open object", file("{"), "the header ends in other than"},
      {"not UTF-8", file("{\"\xff\":{}}"), "UTF-8"},
      {"name twice",
       file("{" + entry("x", "U8", "[0]", "[0,0]") + "," + entry("x", "U8", "[0]", "[0,0]") + "}"),
       "the key \"x\" is given twice"},
      {"field twice", file(R"({"x":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
       "the key \"dtype\" is given twice"},
      {"deep nesting", file("{\"x\":" + std::string(1000, '[') + std::string(1000, ']') + "}"),
       "nested deeper"},
      {"metadata twice", file(R"({"__metadata__":{},"__metadata__":{}})"), "given twice"},
      {"metadata is no object", file(R"({"__metadata__":"pt"})"), "__metadata__ is not an object"},
      {"metadata of numbers", file(R"({"__metadata__":{"epoch":3}})"),
       "the value of \"epoch\" is not a string"},
  };
  expect_errors(cases);
}

TEST(SafetensorsBadFile, TensorEntries) {
  const Bad cases[] = {
      {"entry is no object", file(R"({"x":3})"), "tensor x: its entry is not an object"},
      {"no dtype", file(R"({"x":{"shape":[0],"data_offsets":[0,0]}})"),
       "tensor x: dtype is missing"},
      {"no shape", file(R"({"x":{"dtype":"U8","data_offsets":[0,0]}})"),
       "tensor x: shape is missing"},
      {"no offsets", file(R"({"x":{"dtype":"U8","shape":[0]}})"),
       "tensor x: data_offsets are missing"},
      {"unknown field",
       file(R"({"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}})"),
       "unknown field \"strides\""},
      {"unknown dtype", one("F8_E4M3", "[4]", "[0,4]", 4), "unknown dtype \"F8_E4M3\""},
      {"dtype of the wrong case", one("f32", "[1]", "[0,4]", 4), "unknown dtype \"f32\""},
      {"dtype is a number", file(R"({"x":{"dtype":1,"shape":[0],"data_offsets":[0,0]}})"),
       "dtype is not a string"},
      {"shape is a number", one("U8", "4", "[0,4]", 4), "shape is not an array"},
      {"negative size", one("U8", "[-4]", "[0,4]", 4), "shape holds something other than integers"},
      {"fractional size", one("U8", "[4.0]", "[0,4]", 4),
       "shape holds something other than integers"},
      {"size as a string", one("U8", "[\"4\"]", "[0,4]", 4),
       "shape holds something other than integers"},
      {"size of 2^63", one("U8", "[9223372036854775808]", "[0,4]", 4),
       "shape holds something other than integers"},
      {"rank 7", one("U8", "[1,1,1,1,1,1,1]", "[0,1]", 1), "7 dimensions, at most 6"},
      {"offsets are an object", one("U8", "[4]", "{}", 4), "data_offsets is not an array"},
      {"one offset", one("U8", "[4]", "[4]", 4), "data_offsets are not two numbers"},
      {"three offsets", one("U8", "[4]", "[0,4,8]", 8), "data_offsets are not two numbers"},
      {"negative offset", one("U8", "[4]", "[-4,0]", 4),
       "data_offsets holds something other than integers"},
      {"offsets backwards", one("U8", "[4]", "[4,0]", 4), "data_offsets 4 to 0 run backwards"},
  };
  expect_errors(cases);
}

TEST(SafetensorsBadFile, SizesAndPlaces) {
  const auto two = [](const std::string& a, const std::string& b, size_t data) {
    return file("{" + entry("a", "U8", "[4]", a) + "," + entry("b", "U8", "[4]", b) + "}", data);
  };
  const Bad cases[] = {
      {"too few bytes", one("F32", "[2]", "[0,4]", 4),
       "tensor x: 4 bytes of data (data_offsets 0 to 4), [2] of F32 needs 8"},
      {"too many bytes", one("F16", "[2]", "[0,8]", 8), "[2] of F16 needs 4"},
      {"scalar of no bytes", one("F32", "[]", "[0,0]", 0), "[] of F32 needs 4"},
      {"empty with bytes", one("F32", "[0]", "[0,4]", 4), "[0] of F32 needs 0"},
      {"product overflows", one("U8", "[4294967296,4294967296]", "[0,0]", 0), "tensor x: the size"},
      {"bytes overflow", one("F64", "[4611686018427387904]", "[0,0]", 0), "overflows"},
      {"data cut short", one("U8", "[4]", "[0,4]", 3),
       "cut short: the tensors need 4 bytes of data, the file has 3"},
      {"data behind", one("U8", "[4]", "[0,4]", 5), "1 bytes of data after the last tensor"},
      {"data without tensors", file("{}", 1), "1 bytes of data after"},
      {"hole in front", one("U8", "[4]", "[4,8]", 8), "tensor x: a hole before it: bytes 0 to 4"},
      {"hole between", two("[0,4]", "[5,9]", 9), "tensor b: a hole before it: bytes 4 to 5"},
      {"overlap", two("[0,4]", "[3,7]", 7), "tensor b: overlaps the tensor before it at byte 3"},
      {"the same bytes twice", two("[0,4]", "[0,4]", 4), "overlaps"},
      {"empty tensor inside another",
       file("{" + entry("a", "U8", "[4]", "[0,4]") + "," + entry("b", "U8", "[0]", "[2,2]") + "}",
            4),
       "tensor b: overlaps"},
      {"offset near 2^63", one("U8", "[1]", "[9223372036854775806,9223372036854775807]", 1),
       "a hole before it"},
  };
  expect_errors(cases);
}

TEST(SafetensorsBadFile, ControlCharactersOfNamesDoNotReachTheMessage) {
  const Directory directory;
  const auto path =
      directory.write("a", file("{" + entry("\\u001b[31m\\n", "X", "[1]", "[0,1]") + "}", 1));
  EXPECT_THAT([&] { read_safetensors(path); },
              ThrowsMessage<Error>(HasSubstr("tensor \\x1b[31m\\x0a: unknown dtype")));
}

// Any prefix of a good file is an error.
TEST(SafetensorsBadFile, EveryPrefixIsRefused) {
  const Directory directory;
  const std::string good = one("F32", "[2,2]", "[0,16]", 16);
  EXPECT_EQ(read_safetensors(directory.write("a", good)).tensors.size(), 1u);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(read_safetensors(directory.write("a", good.substr(0, size))), Error) << size;
  }
}

// Whatever one byte becomes, the file is read or refused: no other exception, no crash.
TEST(SafetensorsBadFile, ChangedBytesAreReadOrRefused) {
  const Directory directory;
  const std::string good = one("F32", "[2,2]", "[0,16]", 16);
  for (size_t at = 0; at < good.size() - 16; ++at) {
    for (const char c : {'\0', '\xff', ' ', '"', '9', '}'}) {
      std::string bytes = good;
      bytes[at] = c;
      try {
        read_safetensors(directory.write("a", bytes));
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace jet
