// Products of a 64-row left operand in registers with tiles in shared memory by Hopper's wgmma: the
// four warps of a warpgroup read a tile once. Products run beside what follows until wait().
#pragma once

#include "ops/cuda/tensor_core.cuh"

namespace jet::cuda {

// Other GPUs compile the code and never run it.
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define JET_HOPPER_ASM(...) asm volatile(__VA_ARGS__)
#else
#define JET_HOPPER_ASM(...)
#endif

// One instruction: sums [64, 8 tiles] (+)= a [64, 16] b; `transposed` as the instruction takes it.
#define JET_SUMS(t) "+f"(s[t][0]), "+f"(s[t][1]), "+f"(s[t][2]), "+f"(s[t][3])
#define JET_WGMMA(columns, sums_text, a_text, b_text, p_text, transposed_text, ...)                \
  JET_HOPPER_ASM("{\n.reg .pred p;\nsetp.ne.b32 p, " p_text                                        \
                 ", 0;\nwgmma.mma_async.sync.aligned.m64n" columns "k16.f32.bf16.bf16 {" sums_text \
                 "}, {" a_text "}, " b_text ", p, 1, 1, " transposed_text ";\n}\n"                 \
                 : __VA_ARGS__                                                                     \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add ? 1 : 0),           \
                   "n"(kTransposed ? 1 : 0))

#define JET_R8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define JET_R16 JET_R8 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define JET_R24 JET_R16 ", %16, %17, %18, %19, %20, %21, %22, %23"
#define JET_R32 JET_R24 ", %24, %25, %26, %27, %28, %29, %30, %31"
#define JET_R48 \
  JET_R32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
#define JET_R64 \
  JET_R48 ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"

struct WarpgroupProducts {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  static constexpr bool kRuns = true;
#else
  static constexpr bool kRuns = false;
#endif
  // Warps that multiply take registers from those that copy; 0: every thread has enough.
  static constexpr bool kGivesRegisters = true;
  template <int kRegisters>
  __device__ static void take_registers() {
    if constexpr (kRegisters > 0)
      JET_HOPPER_ASM("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
  }
  template <int kRegisters>
  __device__ static void give_registers() {
    if constexpr (kRegisters > 0) JET_HOPPER_ASM("setmaxnreg.dec.sync.aligned.u32 40;");
  }
  // Before the first product after registers or shared memory were written.
  __device__ static void begin() {
    JET_HOPPER_ASM("fence.proxy.async.shared::cta;" ::: "memory");
    JET_HOPPER_ASM("wgmma.fence.sync.aligned;" ::: "memory");
  }
  __device__ static void commit() {
    JET_HOPPER_ASM("wgmma.commit_group.sync.aligned;" ::: "memory");
  }
  template <int kPending>
  __device__ static void wait() {
    JET_HOPPER_ASM("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
  }

  // After wait(): sums that it ended with, so that no use of them moves before it.
  template <int kTiles>
  __device__ static void settle(float (&sums)[kTiles][4]) {
#pragma unroll
    for (int i = 0; i < kTiles * 4; ++i) asm volatile("" : "+f"(sums[i / 4][i % 4])::"memory");
  }

  // As in WarpProducts; tiles of times_transposed and times may have other than 64 rows, panels
  // of 64 bytes a row then.
  template <int kSteps, int kTiles>
  __device__ static void times_transposed(float (&sums)[kTiles][4], const uint32_t (&a)[kSteps][4],
                                          uint32_t tile) {
    multiply_transposed<kTiles, false>(sums, a, tile);
  }

  // In halves of 32 columns; sums that change their width between instructions would be run one
  // after another.
  __device__ static void times_lower(float (&sums)[8][4], const uint32_t (&a)[4][4],
                                     uint32_t tile) {
#pragma unroll
    for (int step = 0; step < 4; ++step) {
      const uint32_t from = tile + (step / 2) * 2048 + (step & 1) * 32;
      multiply<4, 0>(sums + 4, a[step], descriptor(from + 2048, 0), step > 0);
      if (step < 2) multiply<4, 0>(sums, a[step], descriptor(from, 0), step > 0);
    }
  }

  __device__ static void add_lower(float (&sums)[8][4], const uint32_t (&a)[4][4], uint32_t tile) {
    multiply_transposed<8, true>(sums, a, tile);
  }

  template <int kSteps, int kTiles>
  __device__ static void times(float (&sums)[kTiles][4], const uint32_t (&a)[kSteps][4],
                               uint32_t tile) {
#pragma unroll
    for (int step = 0; step < kSteps; ++step)
      multiply<kTiles, 1>(sums, a[step], descriptor(tile + step * 1024, kSteps * 1024), true);
  }

 private:
  template <int kTiles, bool kAdd, int kSteps>
  __device__ static void multiply_transposed(float (&sums)[kTiles][4],
                                             const uint32_t (&a)[kSteps][4], uint32_t tile) {
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      const uint32_t from = tile + (step / 2) * (kTiles * 512) + (step & 1) * 32;
      multiply<kTiles, 0>(sums, a[step], descriptor(from, 0), kAdd || step > 0);
    }
  }

  // Shared-memory matrix in panels with the 64-byte swizzle: eight rows take 512 bytes.
  __device__ static uint64_t descriptor(uint32_t address, int panel_bytes) {
    return static_cast<uint64_t>((address & 0x3ffff) >> 4) |
           static_cast<uint64_t>(panel_bytes >> 4) << 16 | static_cast<uint64_t>(512 >> 4) << 32 |
           static_cast<uint64_t>(2) << 62;
  }

  template <int kTiles, int kTransposed>
  __device__ static void multiply(float (*s)[4], const uint32_t (&a)[4], uint64_t b, bool add) {
    if constexpr (kTiles == 4) {
      JET_WGMMA("32", JET_R16, "%16, %17, %18, %19", "%20", "%21", "%22", JET_SUMS(0), JET_SUMS(1),
                JET_SUMS(2), JET_SUMS(3));
    } else if constexpr (kTiles == 8) {
      JET_WGMMA("64", JET_R32, "%32, %33, %34, %35", "%36", "%37", "%38", JET_SUMS(0), JET_SUMS(1),
                JET_SUMS(2), JET_SUMS(3), JET_SUMS(4), JET_SUMS(5), JET_SUMS(6), JET_SUMS(7));
    } else if constexpr (kTiles == 12) {
      JET_WGMMA("96", JET_R48, "%48, %49, %50, %51", "%52", "%53", "%54", JET_SUMS(0), JET_SUMS(1),
                JET_SUMS(2), JET_SUMS(3), JET_SUMS(4), JET_SUMS(5), JET_SUMS(6), JET_SUMS(7),
                JET_SUMS(8), JET_SUMS(9), JET_SUMS(10), JET_SUMS(11));
    } else {
      static_assert(kTiles == 16);
      JET_WGMMA("128", JET_R64, "%64, %65, %66, %67", "%68", "%69", "%70", JET_SUMS(0), JET_SUMS(1),
                JET_SUMS(2), JET_SUMS(3), JET_SUMS(4), JET_SUMS(5), JET_SUMS(6), JET_SUMS(7),
                JET_SUMS(8), JET_SUMS(9), JET_SUMS(10), JET_SUMS(11), JET_SUMS(12), JET_SUMS(13),
                JET_SUMS(14), JET_SUMS(15));
    }
  }
};

#undef JET_HOPPER_ASM
#undef JET_SUMS
#undef JET_WGMMA
#undef JET_R8
#undef JET_R16
#undef JET_R24
#undef JET_R32
#undef JET_R48
#undef JET_R64

}  // namespace jet::cuda
