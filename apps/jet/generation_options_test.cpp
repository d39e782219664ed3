// What --json reports of an answer.
#include "apps/jet/generation_options.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jet::cli {
namespace {

TEST(ReportJson, CountsOnlyWhatWasComputed) {
  Output output;
  output.ids = {1, 2, 3};
  output.prompt_tokens = 10;
  output.cached_tokens = 6;
  output.prompt_seconds = 2;
  output.decode_seconds = 4;
  const Json json = report_json({output, 0.5, 7});
  EXPECT_EQ(json["completion_tokens"], 3);
  EXPECT_EQ(json["finish_reason"], "stop");
  EXPECT_EQ(json["timings"]["prompt_tokens_per_second"], 2.0);  // 4 tokens in 2 s
  EXPECT_EQ(json["timings"]["decode_tokens_per_second"], 0.5);  // 2 tokens after the first in 4 s
  EXPECT_EQ(json["seed"], 7u);
}

}  // namespace
}  // namespace jet::cli
