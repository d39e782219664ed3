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

  Safetensors file = read_safetensors(path);
  file.metadata["version"] = "2";
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

INSTANTIATE_TEST_SUITE_P(Models, StateFile, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

}  // namespace
}  // namespace jet
