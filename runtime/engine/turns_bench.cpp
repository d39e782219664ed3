// Time of a turn, deep in a dialogue: 8 new tokens and an answer of 8, after so many turns like it.
// tools/draw_turn_cost.py draws docs/benchmarks/turn_cost.svg from its output.
#include <filesystem>

#include <benchmark/benchmark.h>

#include <jet/engine.h>

#include "runtime/testing/random_model.h"

namespace jet {
namespace {

constexpr int64_t kMessage = 8;
constexpr int64_t kAnswer = 8;

Request turn(ConversationId dialogue, int64_t message, int64_t answer) {
  return {.prompt = std::vector<int32_t>(static_cast<size_t>(message), 3),
          .max_tokens = answer,
          .stop_at_end = false,
          .conversation = dialogue};
}

// The state is brought to its depth by one long message. `bytes` is what the cost model says of a
// turn.
void measure(benchmark::State& state, const std::vector<std::string>& layers) {
  const auto directory = std::filesystem::temp_directory_path() / "jet-turns-bench";
  std::filesystem::create_directories(directory);
  const Model model = testing::random_hybrid(
      directory, layers, {.hidden = 128, .vocabulary = 512, .key_dim = 64, .window = 256});
  std::filesystem::remove_all(directory);
  Engine engine(model, {.threads = 1, .max_sequences = 1, .snapshot_bytes = 0});
  const ConversationId dialogue = engine.open_conversation();
  const int64_t depth = (state.range(0) - 1) * (kMessage + kAnswer);
  engine.generate(turn(dialogue, depth, 1));
  const double before = engine.stats().bytes;
  int64_t turns = 0;
  for (auto _ : state) {
    engine.generate(turn(dialogue, kMessage, kAnswer));
    ++turns;
  }
  state.counters["bytes"] = (engine.stats().bytes - before) / static_cast<double>(turns);
}

void BM_TurnWithoutFullAttention(benchmark::State& state) {
  measure(state, {"jet", "jet", "swa", "jet", "jet", "swa"});
}

void BM_TurnWithFullAttention(benchmark::State& state) {
  measure(state, {"jet", "attn", "swa", "jet", "attn", "swa"});
}

BENCHMARK(BM_TurnWithoutFullAttention)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000)->Iterations(20);
BENCHMARK(BM_TurnWithFullAttention)
    ->Arg(10)
    ->Arg(100)
    ->Arg(500)
    ->Arg(1000)
    ->Arg(2000)
    ->Iterations(20);

}  // namespace
}  // namespace jet
