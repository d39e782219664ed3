// Exhausted memory and failing files, at every call: loading, generating, converting, saving.
#include <algorithm>

#include <jet/jet.h>

#include "io/file.h"
#include "models/quantise.h"
#include "tests/faults/every_fault.h"
#include "tests/faults/tiny_model.h"

namespace jet::faults {
namespace {

#ifdef JET_SANITIZED
constexpr int64_t kStride = 23;  // instrumented code is ten times slower: a sample of the calls
#else
constexpr int64_t kStride = 1;
#endif

class Faults : public ::testing::TestWithParam<Extent> {
 protected:
  // A stride above 1 where each trial flushes files to disk, which takes long.
  Trial memory(int64_t stride = 1) const { return {Kind::Memory, GetParam(), kStride * stride}; }
  Trial files() const { return {Kind::Files, GetParam(), 1}; }
  // A file or directory that must be whole or not be there, with nothing beside it. It is there
  // also where the last call of all failed, which flushes the rename.
  auto whole_or_absent(const std::filesystem::path& path) {
    return [this, path, others = entries(model.folder())](bool threw) {
      const bool is_there = file_exists(path);
      EXPECT_TRUE(is_there || threw);
      EXPECT_EQ(entries(model.folder()), others + (is_there ? 1 : 0));
      if (is_there) {
        EXPECT_NO_THROW(open_checkpoint(path));
        std::filesystem::remove_all(path);
      }
    };
  }

  TinyModel model;
};

TEST_P(Faults, LoadingADirectory) {
  const auto load = [&] { EXPECT_EQ(Model::load(model.directory()).vocabulary(), 512); };
  fail_every_call(memory(), load);
  fail_every_call(files(), load);
}

TEST_P(Faults, LoadingAGgufFile) {
  const auto load = [&] { EXPECT_EQ(Model::load(model.file()).vocabulary(), 512); };
  fail_every_call(memory(), load);
  fail_every_call(files(), load);
}

TEST_P(Faults, Generating) {
  const Model loaded = Model::load(model.file());
  const Request request{.prompt = loaded.encode("The sun"), .max_tokens = 6};
  const std::vector<int32_t> expected = Engine(loaded, {.threads = 2}).generate(request).ids;
  fail_every_call(memory(), [&] {
    Engine engine(loaded, {.threads = 4});
    const Output output = engine.generate(request);
    if (output.finish == FinishReason::Failed) throw Error(output.error);
    EXPECT_EQ(output.ids, expected);
  });
}

// An engine, in whose steps each allocation fails in turn: a request of that step fails and says
// why, the others and those after it are answered as ever, and no state is lost.
TEST_P(Faults, AnEngineGoesOnAfterAStepThatFailed) {
  const Model loaded = Model::load(model.file());
  Request greedy{.prompt = loaded.encode("The sun"), .max_tokens = 4, .stop_at_end = false};
  Request wide = greedy;
  wide.answers = 2;
  wide.log_probabilities = 2;
  wide.sampling = {.temperature = 0.8, .seed = 3};
  const std::vector<Request> requests{greedy, wide};
  std::vector<Output> expected;
  expected.reserve(requests.size());
  for (const Request& request : requests)
    expected.push_back(Engine(loaded, {.threads = 1, .max_sequences = 4}).generate(request));
  const auto check = [&](const Output& output, const Output& wanted) {
    EXPECT_EQ(output.ids, wanted.ids);
    ASSERT_EQ(output.others.size(), wanted.others.size());
    for (size_t i = 0; i < wanted.others.size(); ++i)
      EXPECT_EQ(output.others[i].ids, wanted.others[i].ids);
  };
  int64_t failures = 0;
  bool reached = true;
  for (int64_t n = 0; reached && !HasFailure(); n += kStride) {
    Engine engine(loaded, {.threads = 1, .max_sequences = 4});
    std::vector<RequestId> ids;
    ids.reserve(requests.size());
    for (const Request& request : requests) ids.push_back(engine.submit(request));
    Injection injection(Kind::Memory, n, GetParam());
    for (bool more = true; more;) {
      try {
        more = engine.step();
      } catch (const std::bad_alloc&) {
        EXPECT_EQ(GetParam(), Extent::Onwards) << "thrown, call " << n;
        break;
      }
    }
    injection.stop();
    reached = injection.reached();
    while (engine.step()) {
    }
    for (size_t i = 0; i < requests.size(); ++i) {
      const Output output = engine.take(ids[i]);
      std::vector<Answer> answers{output};
      answers.insert(answers.end(), output.others.begin(), output.others.end());
      const auto bad = std::ranges::find(answers, FinishReason::Failed, &Answer::finish);
      const bool failed = bad != answers.end();
      failures += failed ? 1 : 0;
      EXPECT_TRUE(!failed || !bad->error.empty()) << "call " << n;
      if (!failed) check(output, expected[i]);
    }
    EXPECT_EQ(engine.state_bytes_in_use(), 0) << "call " << n;
    for (size_t i = 0; i < requests.size(); ++i) check(engine.generate(requests[i]), expected[i]);
    if (HasFailure()) injection.print_where();
  }
  EXPECT_GT(failures, 0);
}

TEST_P(Faults, ConvertingToGguf) {
  ThreadPool threads(2);
  const auto out = model.folder() / "out.gguf";
  const auto convert = [&] {
    Checkpoint checkpoint = open_checkpoint(model.directory());
    convert_tensors(checkpoint, quantisation_plan(checkpoint.spec, DType::Q8_0).tensors, threads,
                    {});
    save_gguf_file(checkpoint, out);
  };
  fail_every_call(memory(5), convert, whole_or_absent(out));
  fail_every_call(files(), convert, whole_or_absent(out));
}

TEST_P(Faults, ConvertingToADirectory) {
  const auto out = model.folder() / "out";
  const Checkpoint checkpoint = open_checkpoint(model.file());
  const auto convert = [&] { save_hf_directory(checkpoint, out); };
  fail_every_call(memory(17), convert, whole_or_absent(out));
  fail_every_call(files(), convert, whole_or_absent(out));
}

TEST_P(Faults, SavingAConversation) {
  const Model loaded = Model::load(model.file().string());
  Engine engine(loaded, {.threads = 1});
  const ConversationId id = engine.open_conversation();
  engine.generate({.prompt = {5, 6, 7}, .max_tokens = 6, .conversation = id});
  const auto path = model.folder() / "conversation";
  engine.save_conversation(id, path.string());
  const auto others = entries(model.folder());
  const auto save = [&] { engine.save_conversation(id, path.string()); };
  const auto old_or_new = [&](bool) {  // the same: the file is there, and whole
    EXPECT_EQ(entries(model.folder()), others);
    engine.close_conversation(engine.load_conversation(path.string()));
  };
  fail_every_call(memory(), save, old_or_new);
  fail_every_call(files(), save, old_or_new);
}

TEST_P(Faults, ReplacingAFileKeepsTheOldOne) {
  const auto path = model.folder() / "file";
  const auto write = [&](std::string_view text) {
    AtomicFile file(path);
    file.write(text);
    file.commit();
  };
  write("old");
  const auto others = entries(model.folder());
  const auto old_or_new = [&](bool threw) {
    const std::string text = read_text_file(path);
    // The last call flushes the rename: by then the new file is in place, and whole.
    EXPECT_TRUE(text == "new" || (threw && text == "old")) << text;
    EXPECT_EQ(entries(model.folder()), others);
    write("old");
  };
  fail_every_call(
      memory(), [&] { write("new"); }, old_or_new);
  fail_every_call(
      files(), [&] { write("new"); }, old_or_new);
}

INSTANTIATE_TEST_SUITE_P(Every, Faults, ::testing::Values(Extent::Once, Extent::Onwards),
                         [](const auto& extent) {
                           return extent.param == Extent::Once ? "Once" : "Onwards";
                         });

}  // namespace
}  // namespace jet::faults
