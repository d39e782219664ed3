# The CUDA back end (-DJET_CUDA=ON): libjet_cuda.so, which the program opens at run time, from core/cuda/*.cu and every
# ops/*/*.cu. The CUDA runtime is linked statically; cuBLASLt is opened at run time, from beside the library first.
#   cuda_test.cpp, *_cuda_test.cpp, *_test.cu  into the test program gpu_test (make gpu-test)
#   *_bench.cu                                 into the benchmark program gpu_bench
include(GNUInstallDirs)
set(JET_BUILD_ID "${PROJECT_VERSION}, ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
target_compile_definitions(jet_core PRIVATE
  JET_LIBRARY_FOLDER="${CMAKE_INSTALL_LIBDIR}" JET_BUILD_ID="${JET_BUILD_ID}")
target_link_libraries(jet_core PUBLIC ${CMAKE_DL_LIBS})
if(NOT JET_CUDA)
  return()
endif()

# Hopper's own instructions, machine code for Ampere and Ada, and PTX for what comes after.
set(JET_CUDA_ARCHITECTURES 80;89-real;90a-real CACHE STRING "What nvcc compiles for")
if(JET_CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${JET_CCACHE})
endif()
set(CMAKE_CUDA_ARCHITECTURES ${JET_CUDA_ARCHITECTURES})
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc has had C++20 since 12.0
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_COMPILE_FEATURES cuda_std_20)
  list(APPEND CMAKE_CUDA_COMPILE_FEATURES cuda_std_20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)

file(GLOB_RECURSE kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/*.cu ${PROJECT_SOURCE_DIR}/ops/*.cu)
set(benches ${kernels})
list(FILTER benches INCLUDE REGEX "(/|_)bench\\.cu$")
list(FILTER kernels EXCLUDE REGEX "(/|_)(test|bench)\\.cu$")
file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ops/*_test.cu
  ${PROJECT_SOURCE_DIR}/ops/*cuda_test.* ${PROJECT_SOURCE_DIR}/runtime/*cuda_test.*)

add_library(jet_kernels STATIC ${kernels})
target_link_libraries(jet_kernels PUBLIC jet_core)
target_compile_definitions(jet_kernels PRIVATE JET_BUILD_ID="${JET_BUILD_ID}")

add_library(jet_cuda SHARED $<TARGET_OBJECTS:jet_kernels>)
target_link_libraries(jet_cuda PRIVATE jet_core)
target_link_options(jet_cuda PRIVATE -Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,--no-undefined)
get_target_property(program_folder jet BINARY_DIR)
set_target_properties(jet_cuda PROPERTIES LINKER_LANGUAGE CXX
  LIBRARY_OUTPUT_DIRECTORY ${program_folder} BUILD_RPATH "$ORIGIN" INSTALL_RPATH "$ORIGIN")
install(TARGETS jet_cuda)

if(JET_TESTS AND tests)
  add_executable(gpu_test ${tests})
  target_link_libraries(gpu_test PRIVATE jet_runtime jet_ops_reference jet_kernels GTest::gtest GTest::gmock GTest::gtest_main)
  target_include_directories(gpu_test SYSTEM PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
  target_compile_definitions(gpu_test PRIVATE JET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_dependencies(gpu_test jet_cuda)  # opened at run time, from beside the program
  set_target_properties(gpu_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${program_folder})
endif()
if(JET_BENCHES AND benches)
  add_executable(gpu_bench ${benches})
  target_link_libraries(gpu_bench PRIVATE jet_ops jet_ops_reference jet_kernels benchmark::benchmark benchmark::benchmark_main)
endif()
