// Options of a verb: strict values, and errors that say what would be right.
#include "apps/jet/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jet::cli {
namespace {

using testing::ElementsAre;

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    options_.flag("-v,--verbose", verbose_, "more");
    options_.text("-p,--prompt", prompt_, "T", "text");
    options_.texts("--stop", stop_, "T", "texts");
    options_.integer("--max-tokens", max_tokens_, {0, 100}, "count");
    options_.integers("--context", contexts_, {1, 100}, "contexts");
    options_.choice("--device", device_, {"cpu", "cuda"}, "device");
    options_.positionals("M", paths_, "model");
  }
  std::string problem(const std::vector<std::string>& arguments) {
    try {
      options_.parse(arguments);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  Options options_{"verb", "does things"};
  bool verbose_ = false;
  std::optional<std::string> prompt_;
  std::vector<std::string> stop_;
  int64_t max_tokens_ = 7;
  std::vector<int64_t> contexts_;
  std::string device_ = "cpu";
  std::vector<std::string> paths_;
};

TEST_F(OptionsTest, LeavesWhatIsNotGiven) {
  EXPECT_TRUE(options_.parse({}));
  EXPECT_EQ(max_tokens_, 7);
  EXPECT_FALSE(prompt_);
  EXPECT_FALSE(verbose_);
}

TEST_F(OptionsTest, ReadsValues) {
  EXPECT_TRUE(options_.parse({"-v", "--prompt", "-", "--stop", "a", "--stop", "b", "--max-tokens=9",
                              "--device", "cuda", "model"}));
  EXPECT_TRUE(verbose_);
  EXPECT_EQ(prompt_, "-");
  EXPECT_THAT(stop_, ElementsAre("a", "b"));
  EXPECT_EQ(max_tokens_, 9);
  EXPECT_EQ(device_, "cuda");
  EXPECT_THAT(paths_, ElementsAre("model"));
}

TEST_F(OptionsTest, TakesAllAfterTwoDashesAsPositionals) {
  EXPECT_TRUE(options_.parse({"-v", "--", "-5", "--prompt"}));
  EXPECT_TRUE(verbose_);
  EXPECT_FALSE(prompt_);
  EXPECT_THAT(paths_, ElementsAre("-5", "--prompt"));
}

TEST_F(OptionsTest, TakesTextsAsTheyAre) {
  for (const char* text :
       {"", "{}", "[a,b]", "--stop", "-1", "a=b", "\"quoted\"", "'x'", "a,b", "%%", " "}) {
    Options options("verb", "");
    std::optional<std::string> prompt;
    options.text("--prompt", prompt, "T", "");
    options.parse({"--prompt", text});
    EXPECT_EQ(prompt, text);
  }
}

TEST_F(OptionsTest, TakesRepeatedTextsAsTheyAre) {
  options_.parse({"--stop", "[a,b]", "--stop", "", "--stop", "{}"});
  EXPECT_THAT(stop_, ElementsAre("[a,b]", "", "{}"));
}

TEST_F(OptionsTest, ReadsListsBetweenBlanksOrCommas) {
  EXPECT_TRUE(options_.parse({"--context", "1", "2,3", "--context", "4"}));
  EXPECT_THAT(contexts_, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(problem({"--context", "1,,2"}), "--context: \"\" is not a whole number of 1 to 100");
}

TEST_F(OptionsTest, NamesTheOptionAtFault) {
  EXPECT_EQ(problem({"--max-tokens", "12x"}),
            "--max-tokens: \"12x\" is not a whole number of 0 to 100");
  EXPECT_EQ(problem({"--max-tokens", "-1"}),
            "--max-tokens: \"-1\" is not a whole number of 0 to 100");
  EXPECT_EQ(problem({"--device", "cda"}),
            "--device: \"cda\" is none of cpu, cuda; did you mean cuda?");
}

TEST_F(OptionsTest, RefusesUnknownOptionsWithTheNearestName) {
  EXPECT_EQ(problem({"--max-token", "3"}),
            "unknown option --max-token; did you mean --max-tokens?");
  EXPECT_EQ(problem({"--beams=3"}), "unknown option --beams");
}

TEST_F(OptionsTest, RefusesAMissingOrRepeatedValue) {
  EXPECT_NE(problem({"--max-tokens"}), "");
  EXPECT_NE(problem({"--max-tokens", "1", "--max-tokens", "2"}), "");
}

TEST_F(OptionsTest, SaysWhenHelpIsAskedFor) {
  EXPECT_FALSE(options_.parse({"--help"}));
  EXPECT_THAT(options_.help(), testing::HasSubstr("--max-tokens"));
}

}  // namespace
}  // namespace jet::cli
