// Conversations on disk: they go on exactly; every damage to the file is one clear error.
#include <fstream>

#include <gtest/gtest.h>

#include "io/file.h"
#include "io/safetensors.h"
#include "io/test_files.h"
#include "runtime/testing/engine_test.h"

namespace jet {
namespace {

using testing::greedy_request;
using testing::random_prompt;
using testing::watched;

class StateFile : public ::testing::TestWithParam<const char*> {
 protected:
  // A conversation of so many tokens, saved.
  ConversationId converse(Engine& engine, int64_t tokens) {
    Random random(2);
    Request request = greedy_request(random_prompt(random, tokens, model.vocabulary()), 1);
    request.conversation = engine.open_conversation();
    engine.generate(request);
    engine.save_conversation(*request.conversation, path, "the caller's");
    return *request.conversation;
  }
  // What loading says; nothing where it succeeds.
  std::string message_of(const std::string& file) {
    try {
      loader.close_conversation(loader.load_conversation(file));
    } catch (const Error& error) {
      EXPECT_EQ(loader.state_bytes_in_use(), 0);
      return error.what();
    }
    return "";
  }

  Model model = testing::tiny_model(GetParam());
  Engine loader{model, {.threads = 1, .context_length = 128}};
  testing_files::Directory directory;
  std::string path = directory.file("saved.state").string();
};

TEST_P(StateFile, AConversationGoesOnExactlyWithoutComputingAnythingAgain) {
  for (const int64_t tokens : {1, 3, 11, 64, 100}) {
    Engine first(model, {.context_length = 128});
    const ConversationId spoken = converse(first, tokens);
    Engine second(model, {.threads = 1, .context_length = 128, .max_sequences = 3});
    const ConversationId other = second.open_conversation();  // so that slots and pages differ
    Request filler = greedy_request({4, 5, 6}, 3);
    filler.conversation = other;
    second.generate(filler);
    std::string note;
    const ConversationId restored = second.load_conversation(path, &note);
    EXPECT_EQ(note, "the caller's");
    EXPECT_EQ(second.conversation_ids(restored), first.conversation_ids(spoken));

    std::vector<float> here;
    std::vector<float> there;
    Request request = greedy_request({7, 8, 9}, 8);
    request.conversation = spoken;
    first.generate(watched(request, here));
    const int64_t before = second.stats().tokens;
    request.conversation = restored;
    const Output output = second.generate(watched(request, there));
    EXPECT_EQ(output.cached_tokens, tokens);
    EXPECT_EQ(second.stats().tokens - before, 3 + 7);
    ASSERT_EQ(there, here) << tokens;
  }
}

// Bytes of the header and of the data turned over, and the file cut there.
TEST_P(StateFile, EveryDamageIsAnError) {
  Engine engine(model, {.context_length = 128});
  converse(engine, 5);
  const std::string good = read_text_file(path);
  for (size_t at = 0; at < good.size(); at += at < 3000 ? 23 : 6151) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x11);
    EXPECT_NE(message_of(directory.write("bad.state", bad).string()), "") << "byte " << at;
    bad = good.substr(0, at);
    EXPECT_NE(message_of(directory.write("bad.state", bad).string()), "") << "length " << at;
  }
  EXPECT_NE(message_of(directory.write("bad.state", good + '\0').string()), "");
  EXPECT_NE(message_of(directory.file("absent.state").string()), "");
  EXPECT_EQ(message_of(path), "");
}

TEST_P(StateFile, OtherModelsTypesAndContextsAreRefused) {
  Engine engine(model, {.context_length = 128});
  converse(engine, 100);
  const bool is_tied = std::string(GetParam()) == "tiny-tied";
  Engine other(testing::tiny_model(is_tied ? "tiny-untied" : "tiny-tied"));
  Engine half(model, {.kv_type = StateType::BF16});
  Engine brief(model, {.context_length = 99});
  Engine fast(testing::tiny_model(GetParam(), ComputeType::Auto));
  const auto refused = [&](Engine& by, const std::string& text) {
    try {
      by.load_conversation(path);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  refused(other, "another model");
  refused(half, "attention f32");
  refused(brief, "100 tokens");
  refused(fast,
          "computed in f32 on the CPU, this model computes in f32 with activations of 8 bits on "
          "the CPU");

  Safetensors file = read_safetensors(path);
  file.metadata["version"] = "999";
  write_safetensors(directory.file("later.state"), file.tensors, file.metadata);
  EXPECT_NE(message_of(directory.file("later.state").string()).find("checksum"), std::string::npos);
  write_safetensors(directory.file("weights.state"), file.tensors);
  EXPECT_NE(message_of(directory.file("weights.state").string()).find("no conversation state"),
            std::string::npos);
}

TEST_P(StateFile, AnEmptyConversationIsOneToo) {
  Engine engine(model);
  engine.save_conversation(engine.open_conversation(), path);
  const ConversationId restored = engine.load_conversation(path);
  EXPECT_EQ(engine.conversation_tokens(restored), 0);
}

// What a server keeps of a dialogue: the state after the last answer, in another process.
TEST_P(StateFile, ASnapshotGoesOnAsTheEngineThatKeptItWould) {
  Random random(3);
  std::vector<int32_t> text = random_prompt(random, 70, model.vocabulary());
  Engine first(model, {.threads = 1, .context_length = 128});
  const Output answer = first.generate(greedy_request(text, 6));
  text.insert(text.end(), answer.ids.begin(), answer.ids.end());
  EXPECT_FALSE(first.save_snapshot(std::vector<int32_t>{1, 2, 3}));
  EXPECT_FALSE(first.save_snapshot(text, "another salt"));
  first.save_snapshot(text, {}, "of 75")->write(path);
  const SavedState saved = SavedState::read(path);
  EXPECT_EQ(saved.note(), "of 75");
  EXPECT_EQ(saved.ids(), std::vector(text.begin(), text.begin() + 75));
  EXPECT_GT(saved.bytes(), 75 * 4);

  const auto next = random_prompt(random, 9, model.vocabulary());
  text.insert(text.end(), next.begin(), next.end());
  std::vector<float> expected;
  first.generate(watched(greedy_request(text, 4), expected));
  Engine second(model, {.threads = 1, .context_length = 128, .max_sequences = 1});
  second.load_snapshot(saved, "ours");
  second.load_snapshot(saved, "ours");  // is there
  EXPECT_EQ(second.stats().snapshots, 1);
  EXPECT_EQ(second.state_bytes_in_use(), 0);
  Request request = greedy_request(text, 4);
  EXPECT_EQ(second.generate(request).cached_tokens, 0);  // the salt is another
  request.cache_salt = "ours";
  std::vector<float> seen;
  EXPECT_EQ(second.generate(watched(request, seen)).cached_tokens, 75);
  EXPECT_EQ(seen, expected);
}

TEST_P(StateFile, ASnapshotThatDoesNotFitIsRefused) {
  Engine engine(model, {.threads = 1, .context_length = 128});
  Request request = greedy_request({5, 6, 7, 8}, 2);
  engine.generate(request);
  const SavedState saved = *engine.save_snapshot(std::vector<int32_t>{5, 6, 7, 8});
  const auto refused = [&](const EngineOptions& options, const std::string& text) {
    Engine other(model, options);
    try {
      other.load_snapshot(saved);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
    EXPECT_EQ(other.state_bytes_in_use(), 0);
    EXPECT_EQ(other.stats().snapshots, 0);
  };
  refused({.snapshot_bytes = 0}, "snapshots may take");
  refused({.snapshot_bytes = 1 << 10}, "snapshots may take");
  refused({.context_length = 3}, "at most 3 fit");
  refused({.kv_type = StateType::BF16}, "attention f32");
}

INSTANTIATE_TEST_SUITE_P(Models, StateFile, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

}  // namespace
}  // namespace jet
