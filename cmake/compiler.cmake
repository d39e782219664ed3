# Language level, warnings, sanitizers, compiler cache.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(JET_CCACHE ccache)
if(JET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${JET_CCACHE})
endif()

add_library(jet_options INTERFACE)
target_include_directories(jet_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
# Results must not depend on how the compiler groups a sum or contracts a product: where a fused
# multiply-add is wanted, the code says so.
target_compile_options(jet_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -ffp-contract=off>
  # g++ 12 sees overlaps in std::string that are not there (GCC bug 105329).
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
  $<$<AND:$<BOOL:${JET_WERROR}>,$<COMPILE_LANGUAGE:CXX>>:-Werror>
  $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo -Xcompiler=-Wall,-Wextra,-fvisibility=hidden>
  $<$<AND:$<BOOL:${JET_WERROR}>,$<COMPILE_LANGUAGE:CUDA>>:-Werror=all-warnings -Xcompiler=-Werror>)
if(JET_SANITIZE)
  target_compile_options(jet_options INTERFACE
    -fsanitize=${JET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(jet_options INTERFACE -fsanitize=${JET_SANITIZE})
  set(JET_TEST_DEFINITIONS JET_SANITIZED)  # of the test programs: skip what would compute for minutes
endif()
