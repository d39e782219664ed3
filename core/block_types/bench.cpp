// Decoding, encoding and checking a row of each format; decoding is in the inner loop of products
// with weights.
#include <cmath>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/block_types/block_types.h"

namespace jet {
namespace {

constexpr int64_t kRow = 4096;
constexpr DType kTypes[] = {DType::F32,  DType::F16,  DType::BF16, DType::Q4_0,
                            DType::Q4_1, DType::Q5_0, DType::Q5_1, DType::Q8_0,
                            DType::Q4_K, DType::Q5_K, DType::Q6_K};

std::vector<float> sample_row() {
  std::vector<float> row(kRow);
  for (size_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i * i)));
  return row;
}

std::vector<std::byte> encoded_row(DType type) {
  std::vector<std::byte> bytes(static_cast<size_t>(row_bytes(type, kRow)));
  encode_row(type, sample_row().data(), kRow, bytes.data());
  return bytes;
}

void decode(benchmark::State& state, DType type) {
  const std::vector<std::byte> bytes = encoded_row(type);
  std::vector<float> out(kRow);
  for (auto _ : state) {
    decode_row(type, bytes.data(), kRow, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRow);
}

void encode(benchmark::State& state, DType type) {
  const std::vector<float> row = sample_row();
  std::vector<std::byte> bytes = encoded_row(type);
  for (auto _ : state) {
    encode_row(type, row.data(), kRow, bytes.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRow);
}

void check(benchmark::State& state, DType type) {
  const std::vector<std::byte> bytes = encoded_row(type);
  for (auto _ : state) benchmark::DoNotOptimize(first_bad_block(type, bytes.data(), kRow));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

const bool kRegistered = [] {
  for (const DType type : kTypes) {
    const std::string suffix = "/" + std::string(name(type));
    benchmark::RegisterBenchmark(("decode" + suffix).c_str(), decode, type);
    benchmark::RegisterBenchmark(("encode" + suffix).c_str(), encode, type);
    benchmark::RegisterBenchmark(("check" + suffix).c_str(), check, type);
  }
  return true;
}();

}  // namespace
}  // namespace jet
