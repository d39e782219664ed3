// Tensor-core products in bf16 with float32 sums, for kernels that keep their left operand and
// their sums in registers and read the right operand from shared memory.
//
// Every tile in shared memory has the same form: panels of 32 columns (64 bytes a row), and within
// a panel the four 16-byte pieces of row r stand at piece ^ ((r >> 1) & 3). That is the 64-byte
// swizzle of Hopper's matrix unit, and eight rows of one column meet no bank twice.
//
// A warp's sums are tiles of 16 x 8: lane l holds rows l / 4 (numbers 0, 1) and l / 4 + 8 (2, 3),
// columns 2 (l % 4) and the next. A warpgroup's 64 x n sums are those of its four warps.
#pragma once

#include <cstdint>

#include <cuda_bf16.h>

namespace jet::cuda {

inline constexpr int kPanelColumns = 32;
inline constexpr int kPanelBytes = 64 * 64;  // of 64 rows

__device__ __forceinline__ uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const uint32_t&>(pair);
}

__device__ __forceinline__ float2 unpack_bf16(uint32_t pair) {
  return {__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u)};
}

// Where the 16-byte piece `piece` of row `row` stands in a panel.
__device__ __forceinline__ uint32_t panel_offset(int row, int piece) {
  return static_cast<uint32_t>(row * 64 + ((piece ^ ((row >> 1) & 3)) << 4));
}

__device__ __forceinline__ void load_matrices(uint32_t (&r)[4], uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}

__device__ __forceinline__ void load_matrices_transposed(uint32_t (&r)[4], uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}

// Transposes an 8 x 8 matrix of 16-bit numbers that a warp holds in one register a lane.
__device__ __forceinline__ uint32_t transpose_matrix(uint32_t x) {
  uint32_t y;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(y) : "r"(x));
  return y;
}

// Stores four 8 x 8 matrices transposed, row r of matrix m at address(m, r) in shared memory.
template <typename Address>
__device__ __forceinline__ void store_matrices_transposed(const uint32_t (&x)[4],
                                                          const Address& address) {
  const int lane = threadIdx.x % 32;
#if __CUDA_ARCH__ >= 900
  asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};"
               :
               : "r"(shared_address(address(lane / 8, lane % 8))), "r"(x[0]), "r"(x[1]), "r"(x[2]),
                 "r"(x[3])
               : "memory");
#else
#pragma unroll
  for (int matrix = 0; matrix < 4; ++matrix) {
    *reinterpret_cast<uint32_t*>(address(matrix, lane / 4) + lane % 4 * 4) =
        transpose_matrix(x[matrix]);
  }
#endif
}

// sums [16 x 8] += a [16 x 16] b [16 x 8]
__device__ __forceinline__ void multiply_add(float (&sums)[4], const uint32_t (&a)[4], uint32_t b0,
                                             uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Two neighbouring tiles of sums as one 16 x 16 left operand of the next product.
__device__ __forceinline__ void sums_to_operand(uint32_t (&a)[4], const float (&left)[4],
                                                const float (&right)[4]) {
  a[0] = pack_bf16(left[0], left[1]);
  a[1] = pack_bf16(left[2], left[3]);
  a[2] = pack_bf16(right[0], right[1]);
  a[3] = pack_bf16(right[2], right[3]);
}

}  // namespace jet::cuda
