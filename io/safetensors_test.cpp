// Safetensors: round trips, in memory and of real files, and the cases at the edge of the format.
#include "io/safetensors.h"

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
using testing::ThrowsMessage;
using testing_files::bytes_of;
using testing_files::Directory;

Tensor counting(DType type, const Shape& shape) {
  Tensor tensor(type, shape);
  const TensorView view = tensor.mutable_view();
  for (int64_t i = 0; i < view.bytes(); ++i) view.data[i] = static_cast<std::byte>(i + 1);
  return tensor;
}

void expect_same(const ConstTensorView& a, const ConstTensorView& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.shape, b.shape);
  ASSERT_EQ(a.bytes(), b.bytes());
  EXPECT_TRUE(a.bytes() == 0 || std::memcmp(a.data, b.data, static_cast<size_t>(a.bytes())) == 0);
}

TEST(Safetensors, EveryTypeAndShapeRoundTrips) {
  const Directory directory;
  std::vector<NamedTensor> tensors;
  for (const DType type : {DType::F64, DType::I64, DType::F32, DType::I32, DType::F16, DType::BF16,
                           DType::I16, DType::I8, DType::U8, DType::Bool}) {
    const std::string prefix(name(type));
    tensors.push_back({prefix + ".matrix", counting(type, {3, 5})});
    tensors.push_back({prefix + ".scalar", counting(type, {})});
    tensors.push_back({prefix + ".empty", counting(type, {4, 0})});
  }
  tensors.push_back({"a \"quoted\" näme\n", counting(DType::U8, {1, 1, 1, 1, 1, 2})});
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"note", "two\nlines"}};
  write_safetensors(directory.file("a"), tensors, metadata);

  const Safetensors read = read_safetensors(directory.file("a"));
  EXPECT_EQ(read.metadata, metadata);
  ASSERT_EQ(read.tensors.size(), tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(read.tensors[i].name, tensors[i].name);
    expect_same(read.tensors[i].tensor.view(), tensors[i].tensor.view());
  }
}

TEST(Safetensors, NoTensorsAreAFileToo) {
  const Directory directory;
  write_safetensors(directory.file("a"), {});
  EXPECT_EQ(read_text_file(directory.file("a")), bytes_of<uint64_t>(8) + "{}      ");
  EXPECT_TRUE(read_safetensors(directory.file("a")).tensors.empty());
}

TEST(Safetensors, WritesWideElementsFirstSoThatAllAreAligned) {
  const Directory directory;
  const std::vector<NamedTensor> tensors{{"bytes", counting(DType::U8, {3})},
                                         {"halves", counting(DType::F16, {3})},
                                         {"floats", counting(DType::F32, {3})},
                                         {"more halves", counting(DType::BF16, {1})}};
  write_safetensors(directory.file("a"), tensors);
  std::vector<std::string> names;
  for (const NamedTensor& t : read_safetensors(directory.file("a")).tensors) {
    names.push_back(t.name);
    const auto address = reinterpret_cast<uintptr_t>(t.tensor.view().data);
    EXPECT_EQ(address % static_cast<uintptr_t>(block_bytes(t.tensor.type())), 0u) << t.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"floats", "halves", "more halves", "bytes"}));
}

TEST(Safetensors, DataThatIsNotAlignedIsCopied) {
  const Directory directory;
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  ASSERT_NE(header.size() % 4, 0u);
  const auto path =
      directory.write("a", bytes_of(header.size()) + header + bytes_of(1.5f) + bytes_of(-2.0f));
  const Safetensors read = read_safetensors(path);
  const float* values = read.tensors.at(0).tensor.view().f32();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(values) % alignof(float), 0u);
  EXPECT_EQ(values[0], 1.5f);
  EXPECT_EQ(values[1], -2.0f);
}

TEST(Safetensors, TensorsComeInTheOrderOfTheirData) {
  const Directory directory;
  const std::string header =
      R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  const Safetensors read =
      read_safetensors(directory.write("a", bytes_of(header.size()) + header + "xy"));
  EXPECT_EQ(read.tensors.at(0).name, "a");
  EXPECT_EQ(read.tensors.at(1).name, "b");
  EXPECT_EQ(static_cast<char>(read.tensors[1].tensor.view().data[0]), 'y');
}

TEST(Safetensors, WritingRefusesWhatTheFormatCannotHold) {
  const Directory directory;
  const auto path = directory.file("a");
  const Tensor one = counting(DType::F32, {1});
  const auto expect = [&](const std::vector<NamedTensor>& tensors, std::string_view words) {
    EXPECT_THAT(
        [&] { write_safetensors(path, tensors); },
        ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr(std::string(words)))));
    EXPECT_FALSE(std::filesystem::exists(path));
  };
  expect({{"q", Tensor(DType::Q4_0, {32})}}, "cannot hold q4_0");
  expect({{"x", one}, {"y", one}, {"x", one}}, "x is given twice");
  expect({{"__metadata__", one}}, "__metadata__");
  expect({{"\xff", one}}, "not UTF-8");
}

TEST(Safetensors, RealFilesRoundTripToTheByte) {
  const std::filesystem::path fixtures = JET_SOURCE_DIR "/../shared/fixtures";
  if (!std::filesystem::exists(fixtures)) GTEST_SKIP() << "the fixtures are not here";
  const Directory directory;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(fixtures)) {
    if (entry.path().extension() != ".safetensors") continue;
    const Safetensors read = read_safetensors(entry.path());
    EXPECT_FALSE(read.tensors.empty());
    write_safetensors(directory.file("copy"), read.tensors, read.metadata);
    EXPECT_TRUE(read_text_file(entry.path()) == read_text_file(directory.file("copy")))
        << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace jet
