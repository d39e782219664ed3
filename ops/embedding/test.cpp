// embedding against its reference: rows are exact.
#include <jet/error.h>

#include "ops/embedding/kernels.h"
#include "ops/testing/op_test.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::OpContext;
using testing::random_weight;

// The ids 0, last, and others in no order, some twice.
std::vector<int32_t> ids_below(int32_t vocabulary, int tokens) {
  std::vector<int32_t> ids;
  for (int t = 0; t < tokens; ++t) ids.push_back((t * 7 + vocabulary - 1) % vocabulary);
  return ids;
}

TEST(Embedding, EqualsTheReferenceInEveryType) {
  for (const DType type : {DType::F32, DType::F16, DType::BF16, DType::Q4_0, DType::Q4_1,
                           DType::Q8_0, DType::Q4_K, DType::Q6_K}) {
    for (const int64_t blocks : {1, 3}) {
      const int64_t width = blocks * block_elements(type);
      const Weight weight = random_weight(type, 11, width, 1, 1.0);
      for (const int tokens : {0, 1, 16, 50}) {
        for (const int threads : {1, 3}) {
          OpContext op(threads);
          const auto ids = ids_below(11, tokens);
          Guarded y(Shape{tokens, width});
          const Embedding args{ids, weight, y.view()};
          embedding(op.context, args);
          y.check();
          EXPECT_EQ(testing::worst_error(y.values(), embedding_reference(args)), 0)
              << name(type) << " " << tokens << " x " << width;
        }
      }
    }
  }
}

TEST(Embedding, RefusesIdsOutsideTheVocabulary) {
  OpContext op;
  const Weight weight = random_weight(DType::BF16, 11, 8, 2, 1.0);
  Guarded y(Shape{2, 8});
  for (const int32_t bad : {-1, 11}) {
    const std::vector<int32_t> ids{3, bad};
    EXPECT_THROW(embedding(op.context, {ids, weight, y.view()}), Error);
  }
}

TEST(Embedding, RefusesShapesThatDoNotFit) {
  OpContext op;
  const Weight weight = random_weight(DType::BF16, 11, 8, 2, 1.0);
  const std::vector<int32_t> ids{3, 4, 5};
  Guarded y(Shape{2, 8});
  EXPECT_THROW(embedding(op.context, {ids, weight, y.view()}), Error);
  Guarded fits(Shape{3, 8});
  const Weight integers{Tensor(DType::I8, Shape{11, 8})};
  EXPECT_THROW(embedding(op.context, {ids, integers, fits.view()}), Error);
}

}  // namespace
}  // namespace jet
