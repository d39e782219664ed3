// The engine's thread outlives what is thrown on it, and does other work between steps.
#include "serve/engine/engine_host.h"

#include <future>
#include <new>

#include <gtest/gtest.h>

#include "core/error.h"

namespace jet::serve {
namespace {

struct Answered {
  Output output = {};
  std::string refused = {};
  bool is_lost = false;
};

// Submits one request and waits until it has been answered; `on_told` runs before, and may throw.
Answered ask(EngineHost& host, const Request& request, const std::function<void()>& on_told = {}) {
  std::promise<Answered> promise;
  std::future<Answered> answered = promise.get_future();
  const auto told = [&](Answered what) {
    if (on_told) on_told();
    promise.set_value(std::move(what));
  };
  Job job{.request = request,
          .on_token = {},
          .on_done = [&](Output output) { told({.output = std::move(output)}); },
          .on_refused = [&](const std::string& why) { told({.refused = why}); },
          .on_lost = [&] { promise.set_value({.is_lost = true}); }};
  std::vector<Job> jobs;
  jobs.push_back(std::move(job));
  EXPECT_TRUE(host.submit(std::move(jobs), std::make_shared<Group>()));
  return answered.get();
}

class EngineHostTest : public ::testing::Test {
 protected:
  EngineHost host{Model::load(std::string(JET_SOURCE_DIR) + "/tests/data/tiny-tied"),
                  {.threads = 1, .context_length = 64, .max_sequences = 1},
                  4};
  const Request good{.prompt = {5, 6, 7}, .max_tokens = 3, .stop_at_end = false};
  const Request bad{.prompt = {-1}};
};

TEST_F(EngineHostTest, GoesOnWhereAnAnswerFindsNoMemory) {
  const auto expected = ask(host, good).output.ids;
  ASSERT_EQ(expected.size(), 3U);
  const auto no_memory = [] { throw std::bad_alloc(); };
  EXPECT_TRUE(ask(host, good, no_memory).is_lost);
  EXPECT_TRUE(ask(host, bad, no_memory).is_lost);
  EXPECT_NE(ask(host, bad).refused.find("token -1"), std::string::npos);
  EXPECT_EQ(ask(host, good).output.ids, expected);
  EXPECT_EQ(host.load().running + host.load().waiting, 0U);
}

TEST_F(EngineHostTest, DoesOtherWorkOnItsThread) {
  int64_t context = 0;
  EXPECT_TRUE(host.with_engine([&](Engine& engine) { context = engine.context_length(); }));
  EXPECT_EQ(context, 64);
  EXPECT_THROW(host.with_engine([](Engine&) { fail("on purpose"); }), Error);
  host.close();
  EXPECT_FALSE(host.with_engine([](Engine&) { FAIL(); }));
}

}  // namespace
}  // namespace jet::serve
