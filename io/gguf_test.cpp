// GGUF: round trips, in memory and of a real file, and the getters of its metadata.
#include "io/gguf.h"

#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/file.h"
#include "io/test_files.h"

namespace jet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;
using testing_files::bytes_of;
using testing_files::Directory;

Tensor counting(DType type, const Shape& shape) {
  Tensor tensor(type, shape);
  const TensorView view = tensor.mutable_view();
  for (int64_t i = 0; i < view.bytes(); ++i) view.data[i] = static_cast<std::byte>(i + 1);
  return tensor;
}

void expect_same(std::span<const NamedTensor> a, std::span<const NamedTensor> b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const ConstTensorView x = a[i].tensor.view();
    const ConstTensorView y = b[i].tensor.view();
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(x.type, y.type);
    EXPECT_EQ(x.shape, y.shape);
    ASSERT_EQ(x.bytes(), y.bytes());
    EXPECT_EQ(std::memcmp(x.data, y.data, static_cast<size_t>(x.bytes())), 0) << a[i].name;
  }
}

void expect_same(const GgufMetadata& a, const GgufMetadata& b) {
  ASSERT_EQ(a.entries().size(), b.entries().size());
  for (size_t i = 0; i < a.entries().size(); ++i) {
    const auto& [key, value] = a.entries()[i];
    const auto& [other_key, other] = b.entries()[i];
    EXPECT_EQ(key, other_key);
    EXPECT_EQ(value.type, other.type) << key;
    EXPECT_EQ(value.is_array, other.is_array) << key;
    EXPECT_EQ(value.values, other.values) << key;
  }
}

GgufMetadata sample_metadata() {
  GgufMetadata metadata;
  metadata.set_integer("u8", 255, GgufType::U8);
  metadata.set_integer("i8", -128, GgufType::I8);
  metadata.set_integer("u16", 65535, GgufType::U16);
  metadata.set_integer("i16", -32768, GgufType::I16);
  metadata.set_integer("u32", UINT32_MAX);
  metadata.set_integer("i32", INT32_MIN, GgufType::I32);
  metadata.set_integer("u64", INT64_MAX, GgufType::U64);
  metadata.set_integer("i64", INT64_MIN, GgufType::I64);
  metadata.set_number("f32", 0.1f);
  metadata.set_number("f64", 0.1, GgufType::F64);
  metadata.set_boolean("yes", true);
  metadata.set_boolean("no", false);
  metadata.set_string("text", "two\nlines");
  metadata.set_string("empty", "");
  metadata.set_strings("tokens", {"a", "", std::string("\0\xff", 2)});
  metadata.set_integers("types", {1, -2, 3});
  metadata.set_integers("bytes", {0, 255}, GgufType::U8);
  metadata.set_integers("none", {});
  metadata.set("scores", {GgufType::F32, true, GgufValue::Floats{-1.5, 0.25}});
  metadata.set("flags", {GgufType::Bool, true, GgufValue::Integers{1, 0, 1}});
  return metadata;
}

TEST(Gguf, EverythingRoundTrips) {
  const Directory directory;
  const std::vector<NamedTensor> tensors{{"f32", counting(DType::F32, {3, 5})},
                                         {"f16", counting(DType::F16, {7})},
                                         {"bf16", counting(DType::BF16, {2, 3, 4})},
                                         {"q4_0", counting(DType::Q4_0, {3, 64})},
                                         {"q4_1", counting(DType::Q4_1, {2, 32})},
                                         {"q5_0", counting(DType::Q5_0, {2, 64})},
                                         {"q5_1", counting(DType::Q5_1, {3, 32})},
                                         {"q8_0", counting(DType::Q8_0, {1, 32})},
                                         {"q4_k", counting(DType::Q4_K, {2, 256})},
                                         {"q5_k", counting(DType::Q5_K, {1, 512})},
                                         {"q6_k", counting(DType::Q6_K, {2, 2, 1, 256})},
                                         {"i8", counting(DType::I8, {3})},
                                         {"i16", counting(DType::I16, {3})},
                                         {"i32", counting(DType::I32, {3})},
                                         {"i64", counting(DType::I64, {3})},
                                         {"f64", counting(DType::F64, {3})},
                                         {"scalar", counting(DType::F32, {})}};
  write_gguf(directory.file("a"), sample_metadata(), tensors);
  const Gguf read = read_gguf(directory.file("a"));
  EXPECT_EQ(read.version, 3u);
  expect_same(read.metadata, sample_metadata());
  expect_same(read.tensors, tensors);
  for (const NamedTensor& t : read.tensors)
    EXPECT_EQ(reinterpret_cast<uintptr_t>(t.tensor.view().data) % 32, 0u);
  EXPECT_EQ(std::filesystem::file_size(directory.file("a")) % 32, 0u);
}

TEST(Gguf, TheFileHasTheInnermostSizeFirst) {
  const Directory directory;
  const std::vector<NamedTensor> tensors{{"x", counting(DType::F32, {2, 3})}};
  write_gguf(directory.file("a"), {}, tensors);
  const std::string expected =
      "GGUF" + bytes_of<uint32_t>(3) + bytes_of<uint64_t>(1) + bytes_of<uint64_t>(0) +
      bytes_of<uint64_t>(1) + "x" + bytes_of<uint32_t>(2) + bytes_of<uint64_t>(3) +
      bytes_of<uint64_t>(2) + bytes_of<uint32_t>(0) + bytes_of<uint64_t>(0);
  const std::string bytes = read_text_file(directory.file("a"));
  EXPECT_EQ(bytes.substr(0, expected.size()), expected);
  EXPECT_EQ(bytes.size(), 96u + 32u);  // 61 bytes of header, 24 of data
}

TEST(Gguf, VersionTwoAndOtherAlignmentsAreRead) {
  const Directory directory;
  const std::string bytes = "GGUF" + bytes_of<uint32_t>(2) + bytes_of<uint64_t>(1) +
                            bytes_of<uint64_t>(1) + bytes_of<uint64_t>(17) + "general.alignment" +
                            bytes_of<uint32_t>(4) + bytes_of<uint32_t>(64) + bytes_of<uint64_t>(1) +
                            "x" + bytes_of<uint32_t>(1) + bytes_of<uint64_t>(2) +
                            bytes_of<uint32_t>(0) + bytes_of<uint64_t>(64);
  const std::string padded = bytes + std::string(128 - bytes.size(), '\0') + std::string(64, '\0');
  const auto path = directory.write("a", padded + bytes_of(1.5f) + bytes_of(2.5f));
  const Gguf read = read_gguf(path);
  EXPECT_EQ(read.version, 2u);
  EXPECT_EQ(read.tensors.at(0).tensor.view().f32()[1], 2.5f);

  write_gguf(directory.file("b"), read.metadata, read.tensors);
  const Gguf again = read_gguf(directory.file("b"));
  EXPECT_EQ(again.metadata.integer("general.alignment", 0, 100), 32);
  expect_same(again.tensors, read.tensors);
}

TEST(Gguf, MetadataAloneIsAFile) {
  const Directory directory;
  write_gguf(directory.file("a"), sample_metadata(), {});
  EXPECT_TRUE(read_gguf(directory.file("a")).tensors.empty());
}

TEST(Gguf, WritingRefusesWhatTheFormatCannotHold) {
  const Directory directory;
  const auto path = directory.file("a");
  const auto expect = [&](const GgufMetadata& metadata, const std::vector<NamedTensor>& tensors,
                          const std::string& words) {
    EXPECT_THAT([&] { write_gguf(path, metadata, tensors); },
                ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr(words))));
    EXPECT_FALSE(std::filesystem::exists(path));
  };
  const Tensor one = counting(DType::F32, {1});
  expect({}, {{"x", one}, {"x", one}}, "x is given twice");
  expect({}, {{"x", Tensor(DType::Bool, {1})}}, "cannot hold bool");
  expect({}, {{"x", Tensor(DType::F32, {1, 1, 1, 1, 1})}}, "[1, 1, 1, 1, 1]");
  expect({}, {{"x", Tensor(DType::F32, {2, 0})}}, "none of them 0");
  expect({}, {{std::string(64, 'n'), one}}, "a name of 64 bytes");
  GgufMetadata metadata;
  metadata.set_integer("big", 256, GgufType::U8);
  expect(metadata, {}, "metadata key big: 256 does not fit u8");
}

TEST(GgufMetadata, GettersReadTheirKind) {
  const GgufMetadata metadata = sample_metadata();
  EXPECT_EQ(metadata.integer("i8", -200, 0), -128);
  EXPECT_EQ(metadata.number("f32"), 0.1f);
  EXPECT_EQ(metadata.number("u16"), 65535.0);
  EXPECT_EQ(metadata.string("text"), "two\nlines");
  EXPECT_EQ(metadata.optional_boolean("yes"), true);
  EXPECT_EQ(metadata.optional_boolean("no"), false);
  EXPECT_EQ(metadata.strings("tokens")->size(), 3u);
  EXPECT_EQ(*metadata.integers("types"), (GgufValue::Integers{1, -2, 3}));
  EXPECT_EQ(*metadata.floats("scores"), (GgufValue::Floats{-1.5, 0.25}));
  EXPECT_EQ(metadata.optional_integer("absent", 0, 1), std::nullopt);
  EXPECT_EQ(metadata.optional_number("absent"), std::nullopt);
  EXPECT_EQ(metadata.optional_string("absent"), std::nullopt);
  EXPECT_EQ(metadata.optional_boolean("absent"), std::nullopt);
  EXPECT_EQ(metadata.strings("absent"), nullptr);
}

TEST(GgufMetadata, SettingAgainReplaces) {
  GgufMetadata metadata = sample_metadata();
  const size_t before = metadata.entries().size();
  metadata.set_string("u8", "now text");
  EXPECT_EQ(metadata.entries().size(), before);
  EXPECT_EQ(metadata.entries()[0].first, "u8");
  EXPECT_EQ(metadata.string("u8"), "now text");
}

TEST(GgufMetadata, GettersNameFileKeyAndRemedy) {
  GgufMetadata metadata = sample_metadata();
  metadata.where = "m.gguf";
  const auto expect = [](auto&& read, std::string_view message) {
    EXPECT_THAT(read, ThrowsMessage<Error>(StrEq(std::string(message))));
  };
  expect([&] { metadata.integer("u8", 0, 99); },
         "m.gguf: metadata key u8: 255, expected an integer from 0 to 99");
  expect([&] { metadata.integer("k", 0, 9); },
         "m.gguf: metadata key k: missing, expected an integer from 0 to 9");
  expect([&] { metadata.integer("yes", 0, 9); },
         "m.gguf: metadata key yes: of type bool, expected an integer from 0 to 9");
  expect([&] { metadata.integer("types", 0, 9); },
         "m.gguf: metadata key types: an array of i32, expected an integer from 0 to 9");
  expect([&] { metadata.number("text"); },
         "m.gguf: metadata key text: of type string, expected a number");
  expect([&] { metadata.number("k"); }, "m.gguf: metadata key k: missing, expected a number");
  expect([&] { metadata.string("u8"); }, "m.gguf: metadata key u8: of type u8, expected a string");
  expect([&] { metadata.string("k"); }, "m.gguf: metadata key k: missing, expected a string");
  expect([&] { metadata.optional_boolean("u8"); },
         "m.gguf: metadata key u8: of type u8, expected a bool");
  expect([&] { metadata.strings("text"); },
         "m.gguf: metadata key text: of type string, expected an array of strings");
  expect([&] { metadata.strings("types"); },
         "m.gguf: metadata key types: an array of i32, expected an array of strings");
  expect([&] { metadata.integers("tokens"); },
         "m.gguf: metadata key tokens: an array of string, expected an array of integers");
  expect([&] { metadata.floats("types"); },
         "m.gguf: metadata key types: an array of i32, expected an array of floats");
  metadata.set_number("inf", HUGE_VAL);
  expect([&] { metadata.number("inf"); },
         "m.gguf: metadata key inf: inf, expected a finite number");
  metadata.where.clear();
  expect([&] { metadata.string("k"); }, "metadata key k: missing, expected a string");
}

TEST(Gguf, ARealFileRoundTripsToTheByte) {
  const std::filesystem::path path = JET_SOURCE_DIR "/models-cache/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model: tools/fetch_model.py brings it";
  const Directory directory;
  const Gguf read = read_gguf(path);
  EXPECT_EQ(read.tensors.size(), 272u);
  EXPECT_EQ(read.metadata.strings("tokenizer.ggml.tokens")->size(), 49152u);
  write_gguf(directory.file("copy"), read.metadata, read.tensors);
  EXPECT_TRUE(read_text_file(path) == read_text_file(directory.file("copy")));
}

}  // namespace
}  // namespace jet
