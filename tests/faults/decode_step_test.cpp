// A decoding step allocates nothing: what it works in was taken by the steps before it.
#include <jet/jet.h>

#include "models/quantise.h"
#include "tests/faults/faults.h"
#include "tests/faults/tiny_model.h"

namespace jet::faults {
namespace {

// Steps of the requests once all of them decode; each asks for nothing.
void expect_steps_without_allocations(Engine& engine, const std::vector<Request>& requests) {
  std::vector<RequestId> ids;
  for (const Request& request : requests) ids.push_back(engine.submit(request));
  constexpr int kFirst = 3;  // the prompts, and steps that take what the later ones use
  constexpr int kSteps = 60;
  for (int i = 0; i < kFirst; ++i) engine.step();
  for (int i = 0; i < kSteps; ++i) {
    const int64_t before = allocations();
    engine.step();
    EXPECT_EQ(allocations() - before, 0) << "step " << i;
  }
  for (const RequestId id : ids) {
    EXPECT_FALSE(engine.finished(id));
    engine.cancel(id);
  }
}

TEST(DecodeStep, AllocatesNothing) {
  const TinyModel files;
  const std::filesystem::path quantised = files.folder() / "q8_0.gguf";  // packed when it is loaded
  Checkpoint checkpoint = open_checkpoint(files.file());
  ThreadPool threads(1);
  convert_tensors(checkpoint, quantisation_plan(checkpoint.spec, DType::Q8_0).tensors, threads, {});
  save_gguf_file(checkpoint, quantised);
  Request greedy{.prompt = {5, 6, 7}, .max_tokens = 100, .stop_at_end = false};
  Request sampled = greedy;
  sampled.sampling = {.temperature = 0.8, .top_k = 40, .top_p = 0.95};
  for (const std::filesystem::path& file : {files.file(), quantised}) {
    const Model model = Model::load(file);
    for (const StateType type : {StateType::F32, StateType::F16}) {
      Engine engine(model, {.threads = 2, .snapshot_bytes = 0, .kv_type = type});
      expect_steps_without_allocations(engine, {greedy});
      expect_steps_without_allocations(engine, {greedy, sampled, greedy});
    }
  }
}

}  // namespace
}  // namespace jet::faults
