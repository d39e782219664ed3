// Keys in each form that a client may send, and what is near them.
#include "serve/api/access.h"

#include <gtest/gtest.h>

namespace jet::serve {
namespace {

TEST(Access, WithoutKeysEveryoneMayAsk) {
  EXPECT_TRUE(Access({}, {}).admits(""));
  EXPECT_TRUE(Access({}, {}).admits("Bearer "));
}

TEST(Access, AKeyOpensAsBearerOrBasic) {
  const Access access({"sesame", "other"}, {});
  EXPECT_TRUE(access.admits("Bearer sesame"));
  EXPECT_TRUE(access.admits("Bearer other"));
  EXPECT_TRUE(access.admits("Basic OnNlc2FtZQ=="));  // ":sesame"
  EXPECT_TRUE(access.admits("Basic bWU6c2VzYW1l"));  // "me:sesame"
}

TEST(Access, NothingElseOpens) {
  const Access access({"sesame"}, {});
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer sesam", "Bearer sesamesesame",
                            "Bearer sesame ", "bearer sesame", "sesame", "Basic sesame", "Basic ",
                            "Basic ====", "Basic c2VzYW1l", "Basic bWU6c2VzYW1", "Token sesame"})
    EXPECT_FALSE(access.admits(wrong)) << wrong;
}

}  // namespace
}  // namespace jet::serve
