# jet_layer(NAME DEPENDS ...): the library jet_NAME from everything under NAME/, by file name, so that a new op or
# mixer is a new folder and no edit here:
#   test.cpp, *_test.cpp    into the test program NAME_test
#   bench.cpp, *_bench.cpp  into the benchmark program NAME_bench   (-DJET_BENCHES=ON)
#   fuzz.cpp, *_fuzz.cpp    one program each: jet_fuzzer below
#   reference.cpp           the slow float64 oracles, for tests and benches alone
#   every other *.cpp       into the library
function(jet_layer NAME)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${NAME}/*.cpp)
  set(tests ${sources})
  set(benches ${sources})
  set(fuzzers ${sources})
  set(references ${sources})
  list(FILTER tests INCLUDE REGEX "(/|_)test\\.cpp$")
  list(FILTER benches INCLUDE REGEX "(/|_)bench\\.cpp$")
  list(FILTER fuzzers INCLUDE REGEX "(/|_)fuzz\\.cpp$")
  list(FILTER references INCLUDE REGEX "/reference\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(/|_)(test|bench|fuzz)\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "/reference\\.cpp$")
  list(FILTER tests EXCLUDE REGEX "cuda_test\\.cpp$")  # of gpu_test: cmake/cuda.cmake

  if(NOT sources)
    message(FATAL_ERROR "${NAME}/ holds no sources")
  endif()
  add_library(jet_${NAME} STATIC ${sources})
  target_link_libraries(jet_${NAME} PUBLIC $<BUILD_INTERFACE:jet_options> ${ARG_DEPENDS})
  target_compile_features(jet_${NAME} PUBLIC cxx_std_20)

  if((JET_TESTS OR JET_BENCHES) AND references)
    add_library(jet_${NAME}_reference STATIC ${references})
    target_link_libraries(jet_${NAME}_reference PUBLIC jet_${NAME})
    set(reference jet_${NAME}_reference)
  endif()
  if(JET_TESTS AND tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE jet_${NAME} ${reference} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${NAME}_test PRIVATE
      JET_SOURCE_DIR="${PROJECT_SOURCE_DIR}" JET_BINARY_DIR="${PROJECT_BINARY_DIR}" ${JET_TEST_DEFINITIONS})
    gtest_discover_tests(${NAME}_test TEST_PREFIX ${NAME}: DISCOVERY_MODE PRE_TEST
      PROPERTIES TIMEOUT 900 LABELS ${NAME})
  endif()
  if(JET_BENCHES AND benches)
    add_executable(${NAME}_bench ${benches})
    target_link_libraries(${NAME}_bench PRIVATE jet_${NAME} ${reference} benchmark::benchmark benchmark::benchmark_main)
  endif()
  foreach(fuzzer ${fuzzers})
    jet_fuzzer(${fuzzer} jet_${NAME})
  endforeach()
endfunction()

# jet_fuzzer(FILE LIBRARY): the fuzz target in FILE as a program, io/gguf_fuzz.cpp as io_gguf_fuzz. With -DJET_FUZZ=ON it is
# libFuzzer's, else one that runs the target over the files it is given. A test replays the corpus in tests/fuzz/corpus.
function(jet_fuzzer FILE LIBRARY)
  cmake_path(RELATIVE_PATH FILE BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE name)
  string(REGEX REPLACE "\\.cpp$" "" name ${name})
  string(REPLACE "/" "_" name ${name})
  if(JET_FUZZ)
    add_executable(${name} ${FILE})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(jet_fuzzers ${name})
  elseif(JET_TESTS)
    add_executable(${name} ${FILE} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cpp)
  else()
    return()
  endif()
  target_link_libraries(${name} PRIVATE ${LIBRARY})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  if(JET_TESTS)
    add_test(NAME fuzz:${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.sh $<TARGET_FILE:${name}>)
    set_tests_properties(fuzz:${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endfunction()
