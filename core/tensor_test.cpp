// Shapes, views and ownership.
#include "core/tensor.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"

namespace jet {
namespace {

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{2, 3, 4}).elements(), 24);
  EXPECT_EQ((Shape{2, 0, 4}).elements(), 0);
  EXPECT_EQ((Shape{2, 3}).back(), 3);
  EXPECT_EQ((Shape{2, 3})[0], 2);
  EXPECT_EQ(to_string(Shape{2, 3}), "[2, 3]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

TEST(Shape, ComparesRankAndSizes) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_FALSE((Shape{2, 3}) == (Shape{3, 2}));
  EXPECT_FALSE((Shape{2, 3}) == (Shape{2, 3, 1}));
}

TEST(Shape, RefusesWhatIsNoShape) {
  EXPECT_THROW((Shape{1, 2, 3, 4, 5, 6, 7}), Error);
  EXPECT_THROW((Shape{2, -1}), Error);
  EXPECT_THROW((Shape{int64_t{1} << 32, int64_t{1} << 32}).elements(), Error);
}

TEST(ConstTensorView, CountsRowsAndBytes) {
  EXPECT_EQ((ConstTensorView{nullptr, DType::F16, {2, 3, 4}}).rows(), 6);
  EXPECT_EQ((ConstTensorView{nullptr, DType::F16, {2, 3, 4}}).bytes(), 48);
  EXPECT_EQ((ConstTensorView{nullptr, DType::Q4_K, {3, 512}}).bytes(), 3 * 288);
  EXPECT_EQ((ConstTensorView{nullptr, DType::F32, {}}).rows(), 1);
  EXPECT_EQ((ConstTensorView{nullptr, DType::F32, {}}).bytes(), 4);
  EXPECT_EQ((ConstTensorView{nullptr, DType::F32, {5, 0}}).bytes(), 0);
  EXPECT_EQ((ConstTensorView{nullptr, DType::F32, {0, 5}}).rows(), 0);
}

TEST(ConstTensorView, RefusesRowsThatAreNotWholeBlocks) {
  EXPECT_THROW((ConstTensorView{nullptr, DType::Q4_0, {32, 33}}).bytes(), Error);
}

TEST(Tensor, IsZeroedAndAligned) {
  Tensor tensor(DType::F32, {3, 5});
  EXPECT_TRUE(static_cast<bool>(tensor));
  EXPECT_FALSE(static_cast<bool>(Tensor{}));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.view().data) % 64, 0u);
  EXPECT_TRUE(
      std::all_of(tensor.view().f32(), tensor.view().f32() + 15, [](float x) { return x == 0; }));
  tensor.mutable_view().f32()[14] = 1;
  const Tensor copy = tensor;  // shares
  EXPECT_EQ(copy.view().f32()[14], 1);
}

TEST(Tensor, KeepsItsOwnerAlive) {
  auto owner = std::make_shared<std::vector<float>>(4, 2.0f);
  const std::weak_ptr<std::vector<float>> watch = owner;
  const auto* data = reinterpret_cast<const std::byte*>(owner->data());
  Tensor tensor(ConstTensorView{data, DType::F32, {4}}, owner);
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(tensor.view().f32()[3], 2.0f);
  tensor = {};
  EXPECT_TRUE(watch.expired());
}

TEST(TensorDeathTest, MappedBytesAndOtherTypesAreGuarded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::vector<float> values(4);
  Tensor mapped(view_of(std::span<const float>(values), {4}), std::make_shared<int>(0));
  EXPECT_DEATH(mapped.mutable_view(), "is_mapped_");
  EXPECT_DEATH((ConstTensorView{nullptr, DType::F16, {4}}).f32(), "F32");
  EXPECT_DEATH(view_of(std::span<float>(values), {5}), "elements");
}

TEST(Tensor, ExhaustedMemoryIsAnError) {
  EXPECT_THROW(Tensor(DType::U8, {int64_t{1} << 60}), Error);
}

TEST(TensorViewDeathTest, FloatsAreOfContiguousRowsAlone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::vector<float> values(12);
  TensorView view = view_of(std::span<float>(values), Shape{2, 6});
  view.shape = Shape{2, 2};
  view.row_stride = 2;
  EXPECT_EQ(view.f32(), values.data());
  view.row_stride = 6;  // a slice of a wider tensor
  EXPECT_EQ(ConstTensorView(view).row_stride, 6);
  EXPECT_EQ(view.bytes(), 16);
  EXPECT_DEATH(view.f32(), "is_contiguous");
  view.shape = Shape{1, 2};
  EXPECT_EQ(view.f32(), values.data());
}

}  // namespace
}  // namespace jet
