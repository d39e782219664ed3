#include "apps/jet/verbs/bench_case.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>

#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "core/block_types/block_types.h"
#include "core/checked.h"
#include "core/error.h"
#include "core/float8.h"
#include "core/random.h"

namespace jet::cli {
namespace {

constexpr int64_t kChunk = 512;          // tokens of a prompt in one step, as the engine cuts it
constexpr int64_t kDeviceChunk = 16384;  // a device takes many at once
constexpr int64_t kDeviceScratch = int64_t{1} << 20;  // bytes a decoding row takes between ops

// Which tokens run does not change the time; these are all in the vocabulary.
std::vector<int32_t> some_ids(int64_t count, int64_t vocabulary) {
  constexpr int64_t kStride = 7919;  // prime
  std::vector<int32_t> ids(static_cast<size_t>(count));
  for (size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<int32_t>(static_cast<int64_t>(i) * kStride % vocabulary);
  return ids;
}

// A few thousand random numbers of the type, to be repeated.
std::vector<std::byte> noise(DType type) {
  constexpr int64_t kNumbers = 4064;  // whole blocks of any type, no multiple of most rows
  constexpr double kDeviation = 0.02;
  Random random(1);
  if (type == kFloat8) {  // below 2
    std::vector<std::byte> bytes(kNumbers);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.bits() & 0xbf);
    return bytes;
  }
  std::vector<float> numbers(kNumbers);
  for (float& number : numbers) number = static_cast<float>(kDeviation * random.normal());
  std::vector<std::byte> bytes(static_cast<size_t>(row_bytes(type, kNumbers)));
  encode_row(type, numbers.data(), kNumbers, bytes.data());
  return bytes;
}

void fill(std::span<std::byte> to, std::span<const std::byte> pattern) {
  for (size_t at = 0; at < to.size(); at += pattern.size()) {
    std::memcpy(to.data() + at, pattern.data(), std::min(pattern.size(), to.size() - at));
  }
}

// All of a tensor on a device: what is there is copied behind itself.
void fill_on(Device& device, const TensorView& tensor, std::span<const std::byte> pattern) {
  const int64_t bytes = tensor.bytes();
  int64_t done = std::min(bytes, std::ssize(pattern));
  device.upload(tensor.data, pattern.data(), done);
  while (done < bytes) {
    const int64_t more = std::min(done, bytes - done);
    device.copy(tensor.data + done, tensor.data, more);
    done += more;
  }
}

// Rows [first, first + count) of the tensor's outermost size.
std::span<std::byte> rows_of(const TensorView& tensor, int64_t first, int64_t count) {
  const int64_t stride = tensor.bytes() / tensor.shape[0];
  return {tensor.data + first * stride, static_cast<size_t>(count * stride)};
}

// Of a sequence at the end of the case, on the CPU: there one step is not timed.
int64_t case_tokens(const BenchCase& bench) { return bench.depth() + bench.decode + 1; }

// What one sequence keeps then: its states in whole pages, and its row of logits.
int64_t sequence_bytes(const BenchCase& bench, const Decoder& decoder, const StateTypes& types) {
  const int64_t page_tokens = StatePoolOptions{}.page_tokens;
  const StateUnits units = state_units(decoder.states(), types, page_tokens);
  const int64_t pages = (case_tokens(bench) + page_tokens - 1) / page_tokens;
  return checked_add(checked_add(units.slot, checked_mul(pages, units.page)),
                     row_bytes(DType::F32, decoder.spec().vocabulary));
}

}  // namespace

double BenchResult::decode_seconds() const {
  return std::accumulate(step_seconds.begin(), step_seconds.end(), 0.0);
}

double BenchResult::percentile(double share) const {
  if (step_seconds.empty()) return 0;
  const auto rank =
      static_cast<size_t>(std::ceil(share * static_cast<double>(step_seconds.size())));
  return step_seconds[std::clamp<size_t>(rank, 1, step_seconds.size()) - 1];
}

void fill_states(const Decoder& decoder, const StatePool& pool, std::span<const int32_t> slots) {
  const std::vector<StateSpec> layers = decoder.states();
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    for (size_t part = 0; part < layers[layer].size(); ++part) {
      const StatePart& spec = layers[layer][part];
      const TensorView& tensor = pool.states()[layer][part];
      const std::vector<std::byte> pattern = noise(tensor.type);
      if (Device* const device = pool.options().device) {
        fill_on(*device, tensor, pattern);
        continue;
      }
      for (const int32_t slot : slots) {
        if (spec.growth == StateGrowth::PerToken) {
          const int64_t tokens = pool.options().page_tokens;
          for (const int32_t page : pool.pages(slot))
            fill(rows_of(tensor, page * tokens, tokens), pattern);
        } else {
          const int64_t rows = spec.growth == StateGrowth::Ring ? spec.rows : 1;
          fill(rows_of(tensor, slot * rows, rows), pattern);
        }
      }
    }
  }
}

void BenchRunner::forward(const StatePool& pool) {
  check_interrupt();
  Device* const device = decoder_.device();
  const TensorView logits = logits_.room(static_cast<int64_t>(plan_.logit_rows().size()));
  Context context{threads_, arena_, device};
  graphs_.forward(decoder_, context,
                  {plan_.ids(), plan_.view(device), plan_.logit_rows(), pool.states(), logits});
  if (device != nullptr) device->wait();
}

// One sequence after another, each in chunks; the logits of its last token alone, as in serving.
void BenchRunner::prefill(StatePool& pool, std::span<const int32_t> slots, int64_t length) {
  const std::vector<int32_t> ids = some_ids(length, decoder_.spec().vocabulary);
  const int64_t chunk = decoder_.device() != nullptr ? kDeviceChunk : kChunk;
  for (const int32_t slot : slots) {
    for (int64_t at = 0; at < length; at += chunk) {
      const int64_t rows = std::min(chunk, length - at);
      const auto piece = std::span(ids).subspan(static_cast<size_t>(at), static_cast<size_t>(rows));
      plan_.clear();
      plan_.add(pool, slot, at, piece,
                at + rows == length ? BatchPlan::Logits::Last : BatchPlan::Logits::None);
      forward(pool);
    }
  }
}

BenchResult BenchRunner::run(const BenchCase& bench) {
  const int64_t depth = bench.depth();
  const int64_t untimed = decoder_.device() != nullptr ? 2 : 1;
  StatePool pool(decoder_.states(), {.sequences = bench.batch,
                                     .context = depth + bench.decode + untimed,
                                     .types = types_,
                                     .device = decoder_.device()});
  std::vector<int32_t> slots;
  for (int64_t i = 0; i < bench.batch; ++i) {
    slots.push_back(*pool.acquire());
    const bool has_pages = pool.reserve(slots.back(), depth + bench.decode + untimed);
    JET_CHECK(has_pages);
  }

  BenchResult result;
  if (bench.synthetic_state && bench.context > 0) {
    fill_states(decoder_, pool, slots);
  } else if (depth > 0) {
    // A device loads kernels and takes scratch memory at the first piece of a length.
    if (decoder_.device() != nullptr)
      prefill(pool, std::span(slots).first(1), std::min(depth, kDeviceChunk));
    const Stopwatch watch;
    prefill(pool, slots, depth);
    result.prefill_seconds = watch.seconds();
  }

  // The first step (on a device the first two: DecodeGraphs) brings scratch memory and caches to
  // where they stay, and is not timed.
  const std::vector<int32_t> ids = some_ids(bench.batch, decoder_.spec().vocabulary);
  for (int64_t step = 0; bench.decode > 0 && step < bench.decode + untimed; ++step) {
    plan_.clear();
    for (size_t i = 0; i < slots.size(); ++i) {
      plan_.add(pool, slots[i], depth + step, std::span(ids).subspan(i, 1),
                BatchPlan::Logits::Last);
    }
    const Stopwatch watch;
    forward(pool);
    if (step >= untimed) result.step_seconds.push_back(watch.seconds());
  }
  std::ranges::sort(result.step_seconds);
  result.state_bytes = pool.bytes_in_use();
  return result;
}

int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  int64_t kilobytes = 0;
  while (file >> key >> kilobytes) {
    if (key == "MemAvailable:") return kilobytes * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  fail("/proc/meminfo does not tell the free memory; it needs a line MemAvailable");
}

void check_memory(const BenchCase& bench, const Decoder& decoder, const StateTypes& types,
                  int64_t bytes) {
  const int64_t prompt = bench.synthetic_state ? 0 : bench.depth() * int64_t{sizeof(int32_t)};
  const int64_t each = sequence_bytes(bench, decoder, types);
  const double needed =
      static_cast<double>(prompt) + static_cast<double>(bench.batch) * static_cast<double>(each);
  if (needed <= static_cast<double>(bytes)) return;
  fail(
      "{} of {} tokens: needs {}, of the free memory {} may be taken; ask for less, or raise "
      "--memory-fraction",
      counted(bench.batch, "sequence"), case_tokens(bench), human_bytes(needed),
      human_bytes(bytes));
}

int64_t largest_batch(const BenchCase& bench, const Decoder& decoder, const StateTypes& types,
                      int64_t bytes) {
  int64_t each = sequence_bytes(bench, decoder, types);
  if (decoder.device() != nullptr) each += kDeviceScratch;
  if (bytes < each) {
    fail("a sequence of {} tokens keeps {}, the memory for states is {}", case_tokens(bench),
         human_bytes(each), human_bytes(std::max<int64_t>(bytes, 0)));
  }
  return bytes / each;
}

}  // namespace jet::cli
