// Matrix products by cuBLASLt. Its library is found beside libjet_cuda.so (whose run path is its
// own folder) or where the system's loader looks.
#include <algorithm>
#include <array>
#include <string>

#include <dlfcn.h>

#include <jet/error.h>

#include "core/cuda/check.cuh"
#include "core/cuda/products.cuh"

namespace jet {
namespace {

constexpr const char* kName = "libcublasLt.so.13";
// The number of rows for which the one algorithm of a deterministic product is chosen.
constexpr int64_t kTypicalRows = 128;

void check_blas(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS)
    fail_cuda(std::string("cuBLASLt: ") + what + " failed with status " + std::to_string(status));
}

cudaDataType_t type_of(DType type) {
  return type == DType::F32 ? CUDA_R_32F : type == DType::BF16 ? CUDA_R_16BF : CUDA_R_16F;
}

uint32_t alignment_of(const MatrixProduct& p) {
  const auto bytes_x = static_cast<uint64_t>(p.x_stride * block_bytes(p.operands));
  const auto bytes_w = static_cast<uint64_t>(p.in * block_bytes(p.operands));
  const auto bytes_y = static_cast<uint64_t>(p.y_stride * block_bytes(p.result));
  const uint64_t all = reinterpret_cast<uint64_t>(p.x) | reinterpret_cast<uint64_t>(p.w) |
                       reinterpret_cast<uint64_t>(p.y) | bytes_x | bytes_w | bytes_y | 256;
  return static_cast<uint32_t>(all & (~all + 1));
}

}  // namespace

// The functions that are used, looked up by name.
struct MatrixProducts::Library {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtMatmul) matmul;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
  decltype(&cublasLtMatmulDescCreate) desc_create;
  decltype(&cublasLtMatmulDescDestroy) desc_destroy;
  decltype(&cublasLtMatmulDescSetAttribute) desc_set;
  decltype(&cublasLtMatrixLayoutCreate) layout_create;
  decltype(&cublasLtMatrixLayoutDestroy) layout_destroy;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set;

  Library() {
    void* library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      throw Error(std::string("CUDA is not available: ") + dlerror() +
                  " (it may stand beside libjet_cuda.so)");
    const auto find = [&](auto& function, const char* name) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      if (function == nullptr)
        throw Error(std::string("CUDA is not available: ") + kName + " has no " + name);
    };
    find(create, "cublasLtCreate");
    find(destroy, "cublasLtDestroy");
    find(matmul, "cublasLtMatmul");
    find(heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(desc_create, "cublasLtMatmulDescCreate");
    find(desc_destroy, "cublasLtMatmulDescDestroy");
    find(desc_set, "cublasLtMatmulDescSetAttribute");
    find(layout_create, "cublasLtMatrixLayoutCreate");
    find(layout_destroy, "cublasLtMatrixLayoutDestroy");
    find(preference_create, "cublasLtMatmulPreferenceCreate");
    find(preference_destroy, "cublasLtMatmulPreferenceDestroy");
    find(preference_set, "cublasLtMatmulPreferenceSetAttribute");
  }

  static const Library& get() {
    static const Library library;
    return library;
  }
};

MatrixProducts::MatrixProducts(bool deterministic)
    : library_(Library::get()), is_deterministic_(deterministic) {
  check_blas(library_.create(&handle_), "opening");
}

MatrixProducts::~MatrixProducts() {
  for (auto& [key, plan] : plans_) destroy(plan);
  library_.destroy(handle_);
}

void MatrixProducts::destroy(Plan& plan) {
  library_.layout_destroy(plan.w);
  library_.layout_destroy(plan.x);
  library_.layout_destroy(plan.y);
  library_.desc_destroy(plan.operation);
}

// cuBLAS counts in columns: y^T [out, rows] = w [in, out]^T x^T [in, rows].
MatrixProducts::Plan& MatrixProducts::plan(const Key& key) {
  const std::lock_guard lock(mutex_);
  if (const auto known = plans_.find(key); known != plans_.end()) return known->second;
  Plan plan;
  const cudaDataType_t operands = type_of(key.operands);
  const cublasOperation_t transpose = CUBLAS_OP_T;
  check_blas(library_.desc_create(&plan.operation, CUBLAS_COMPUTE_32F, CUDA_R_32F),
             "a description");
  check_blas(
      library_.desc_set(plan.operation, CUBLASLT_MATMUL_DESC_TRANSA, &transpose, sizeof transpose),
      "a description");
  if (key.has_bias) {
    const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    check_blas(library_.desc_set(plan.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                 sizeof epilogue),
               "a description");
  }
  check_blas(library_.layout_create(&plan.w, operands, key.in, key.out, key.in), "a layout");
  check_blas(library_.layout_create(&plan.x, operands, key.in, key.rows, key.x_stride), "a layout");
  check_blas(library_.layout_create(&plan.y, type_of(key.result), key.out, key.rows, key.y_stride),
             "a layout");
  choose(key, plan);
  return plans_.emplace(key, plan).first->second;
}

void MatrixProducts::choose(const Key& key, Plan& plan) {
  Key any_rows = key;
  any_rows.rows = 0;
  if (is_deterministic_) {
    if (const auto known = fixed_.find(any_rows); known != fixed_.end()) {
      plan.algorithm = known->second;
      return;
    }
  }
  cublasLtMatrixLayout_t x = plan.x, y = plan.y;
  if (is_deterministic_) {
    check_blas(
        library_.layout_create(&x, type_of(key.operands), key.in, kTypicalRows, key.x_stride),
        "a layout");
    check_blas(library_.layout_create(&y, type_of(key.result), key.out, kTypicalRows, key.y_stride),
               "a layout");
  }
  cublasLtMatmulPreference_t preference = nullptr;
  check_blas(library_.preference_create(&preference), "a preference");
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
    check_blas(library_.preference_set(preference, attribute, &value, sizeof value),
               "a preference");
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(kWorkspace));
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    set(attribute, key.alignment);
  }
  if (is_deterministic_)
    set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE});
  cublasLtMatmulHeuristicResult_t result = {};
  int found = 0;
  const cublasStatus_t status =
      library_.heuristic(handle_, plan.operation, plan.w, x, y, y, preference, 1, &result, &found);
  library_.preference_destroy(preference);
  if (is_deterministic_) {
    library_.layout_destroy(x);
    library_.layout_destroy(y);
  }
  if (status != CUBLAS_STATUS_SUCCESS || found == 0) {
    fail_cuda("cuBLASLt knows no product of [" + std::to_string(key.rows) + ", " +
              std::to_string(key.in) + "] with [" + std::to_string(key.out) + ", " +
              std::to_string(key.in) + "] in " + std::string(jet::name(key.operands)));
  }
  plan.algorithm = result.algo;
  if (is_deterministic_) fixed_.emplace(any_rows, result.algo);
}

void MatrixProducts::run(const MatrixProduct& p, std::span<std::byte> workspace,
                         cudaStream_t stream) {
  const Plan& how = plan({p.rows, p.in, p.out, p.x_stride, p.y_stride, p.operands, p.result,
                          p.bias != nullptr, alignment_of(p)});
  if (p.bias != nullptr) {
    check_blas(
        library_.desc_set(how.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &p.bias, sizeof p.bias),
        "a description");
  }
  const float one = 1.0f, zero = 0.0f;
  check_blas(
      library_.matmul(handle_, how.operation, &one, p.w, how.w, p.x, how.x, &zero, p.y, how.y, p.y,
                      how.y, &how.algorithm, workspace.data(), workspace.size(), stream),
      "a product");
}

}  // namespace jet
