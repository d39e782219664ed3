#include "ops/linear/int8.h"

#include <atomic>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(JET_INT8_DOTPROD)
#include <sys/auxv.h>
#endif

namespace jet {
namespace {

#if defined(__x86_64__)
// __builtin_cpu_supports of clang 14 does not know f16c.
bool has_f16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

std::vector<Int8Kernels> supported() {
  std::vector<Int8Kernels> list;
#if defined(__x86_64__)
  const bool has_avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni")) {
    list.push_back(kInt8Avx512Vnni);
  }
  if (has_avx2) list.push_back(kInt8Avx2);
#elif defined(__aarch64__)
#if defined(JET_INT8_DOTPROD)
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) {
    if ((getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0) list.push_back(kInt8I8mm);
    list.push_back(kInt8Dotprod);
  }
#endif
  list.push_back(kInt8Neon);
#endif
  list.push_back(kInt8Portable);
  return list;
}

std::atomic<const Int8Kernels*> chosen = nullptr;  // by a test

}  // namespace

std::span<const Int8Kernels> int8_kernels() {
  static const std::vector<Int8Kernels> list = supported();
  return list;
}

const Int8Kernels& chosen_int8_kernels() {
  const Int8Kernels* kernels = chosen.load(std::memory_order_relaxed);
  return kernels != nullptr ? *kernels : int8_kernels().front();
}

WithInt8Kernels::WithInt8Kernels(const Int8Kernels& kernels) { chosen = &kernels; }

WithInt8Kernels::~WithInt8Kernels() { chosen = nullptr; }

}  // namespace jet
