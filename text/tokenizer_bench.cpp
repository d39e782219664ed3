// Opening a tokenizer, and encoding a megabyte of one kind or another. To be run in the
// repository's root, or with JET_TOKENIZER naming a tokenizer.json.
#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "io/file.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace jet {
namespace {

constexpr size_t kLength = 1000000;

const std::string& tokenizer_file() {
  static const std::string text = [] {
    const char* path = std::getenv("JET_TOKENIZER");
    return read_text_file(path != nullptr ? path : "tests/data/tokenizer-512/tokenizer.json");
  }();
  return text;
}

Tokenizer open_tokenizer() {
  return Tokenizer(parse_tokenizer_json(tokenizer_file(), nullptr, "tokenizer.json"));
}

void open(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(open_tokenizer());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(tokenizer_file().size()));
}
BENCHMARK(open)->Unit(benchmark::kMillisecond);

void encode(benchmark::State& state, const std::string& unit) {
  std::string text;
  while (text.size() < kLength) text += unit;
  const Tokenizer tokenizer = open_tokenizer();
  size_t tokens = 0;
  for (auto _ : state) tokens = tokenizer.encode(text).size();
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.counters["tokens"] = static_cast<double>(tokens);
}
BENCHMARK_CAPTURE(encode, prose, "It was the best of times, it was the worst of times. 1859!\n")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(
    encode, many_scripts,
    "Привет, мир! 你好，世界！ नमस्ते दुनिया e\u0301 🙂\n")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, one_word, "antidisestablishmentarianism")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, blanks, " ")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, lines, " \n")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, marks, "\u0301\u0316")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, special_tokens, "<|im_end|>")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace jet
