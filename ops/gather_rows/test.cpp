// gather_rows: exact copies of the rows that are asked for.
#include "ops/gather_rows/gather_rows.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::OpContext;

TEST(GatherRows, CopiesRowsInTheOrderAskedFor) {
  OpContext op;
  const auto x = testing::normals(5 * 7, 1);
  const std::vector<int32_t> rows{4, 0, 3, 3};
  Guarded y(Shape{4, 7});
  gather_rows(op.context, {.x = view_of(x, Shape{5, 7}), .rows = rows, .y = y.view()});
  y.check();
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto from = std::span(x).subspan(static_cast<size_t>(rows[i]) * 7, 7);
    EXPECT_TRUE(testing::same_bits(y.values().subspan(i * 7, 7), from)) << i;
  }
}

TEST(GatherRows, RefusesARowOutside) {
  OpContext op;
  const auto x = testing::normals(14, 1);
  Guarded y(Shape{1, 7});
  const std::vector<int32_t> rows{2};
  const std::string error = testing::error_of([&] {
    gather_rows(op.context, {.x = view_of(x, Shape{2, 7}), .rows = rows, .y = y.view()});
  });
  EXPECT_EQ(error, "gather_rows: row 2 of a matrix of 2 rows");
}

}  // namespace
}  // namespace jet
