#include "core/hash.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace jet {
namespace {

uint64_t hash_of(std::initializer_list<std::string> pieces) {
  Hash hash;
  for (const std::string& piece : pieces) hash.add(piece);
  return hash.value();
}

TEST(Hash, EveryChangedBitChangesIt) {
  const std::string text = "twenty bytes of text";
  std::set<uint64_t> values{hash_of({text})};
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(values.insert(hash_of({changed})).second) << bit;
  }
}

TEST(Hash, TellsPiecesAndTheirOrderApart) {
  const std::set<uint64_t> values{hash_of({}),
                                  hash_of({""}),
                                  hash_of({"ab", "c"}),
                                  hash_of({"a", "bc"}),
                                  hash_of({"c", "ab"}),
                                  hash_of({"abc"}),
                                  hash_of({std::string("abc\0", 4)})};
  EXPECT_EQ(values.size(), 7u);
}

}  // namespace
}  // namespace jet
