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

TEST(Access, TheServerIsAskedByItsNamesAlone) {
  const Access access({}, {}, {"localhost", "127.0.0.1", "[::1]", "Jet.example"});
  for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1:1", "[::1]", "[::1]:8080",
                           "jet.example:443", "JET.EXAMPLE", "localhost:", ""})
    EXPECT_TRUE(access.is_asked_as(host)) << host;
  for (const char* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                           "evil.localhost", "localhost:80:80", "localhost:evil.example",
                           "127.0.0.1.evil.example", "127.0.0.2", "[::1", "[::1]evil.example",
                           "[::1].evil.example:80", "::1", "[::2]", ":8080", "[", "user@localhost"})
    EXPECT_FALSE(access.is_asked_as(host)) << host;
  EXPECT_TRUE(Access({}, {}).is_asked_as("evil.example"));
}

}  // namespace
}  // namespace jet::serve
