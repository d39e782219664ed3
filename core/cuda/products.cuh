// Matrix products by cuBLASLt, which is opened at run time; how each is computed is chosen once.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <mutex>
#include <span>

#include <cublasLt.h>

#include "core/dtype.h"

namespace jet {

// y [rows, out] = x [rows, in] w^T [in, out] + bias; row-major, sums in float32.
struct MatrixProduct {
  const void* x;
  const void* w;     // [out, in], rows contiguous
  const void* bias;  // [out] of the result's type, or null
  void* y;
  int64_t rows, in, out;
  int64_t x_stride, y_stride;  // elements between rows
  DType operands;              // of x and w: F32, BF16 or F16
  DType result;                // F32, or the operands' type
};

class MatrixProducts {
 public:
  static constexpr int64_t kWorkspace = int64_t{32} << 20;  // bytes

  // `deterministic`: a row's result is the same bits whatever rows run beside it. Throws Error when
  // libcublasLt cannot be opened.
  explicit MatrixProducts(bool deterministic);
  ~MatrixProducts();
  MatrixProducts(const MatrixProducts&) = delete;
  MatrixProducts& operator=(const MatrixProducts&) = delete;

  // Throws Error when the library knows no way to compute it. `workspace` of kWorkspace bytes.
  void run(const MatrixProduct& product, std::span<std::byte> workspace, cudaStream_t stream);

 private:
  struct Library;
  struct Key {
    int64_t rows, in, out, x_stride, y_stride;
    DType operands, result;
    bool has_bias;
    uint32_t alignment;  // of all three, bytes
    auto operator<=>(const Key&) const = default;
  };
  struct Plan {
    cublasLtMatmulDesc_t operation = nullptr;
    cublasLtMatrixLayout_t w = nullptr, x = nullptr, y = nullptr;
    cublasLtMatmulAlgo_t algorithm = {};
  };

  Plan& plan(const Key& key);
  void choose(const Key& key, Plan& plan);
  void destroy(Plan& plan);

  const Library& library_;
  bool is_deterministic_;
  cublasLtHandle_t handle_ = nullptr;
  std::mutex mutex_;
  std::map<Key, Plan> plans_;
  std::map<Key, cublasLtMatmulAlgo_t> fixed_;  // deterministic: of a product with any rows
};

}  // namespace jet
