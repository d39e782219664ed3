#include "tests/faults/every_fault.h"

#include <exception>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include <jet/error.h>

namespace jet::faults {
namespace {

// One line, and bad_alloc for want of memory alone.
void check_failure(const std::exception_ptr& failure, Kind kind) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_GT(message.size(), 10u) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  } catch (const std::bad_alloc&) {
    EXPECT_EQ(kind, Kind::Memory) << "bad_alloc";
  } catch (const std::exception& other) {
    ADD_FAILURE() << "not an Error: " << other.what();
  }
}

}  // namespace

void fail_every_call(const Trial& trial, const std::function<void()>& body,
                     const std::function<void(bool threw)>& after) {
  body();  // what is made once and kept (tables, locales) is made now
  if (after) after(false);
  int64_t failures = 0;
  for (int64_t n = 0;; n += trial.stride) {
    const Held before = held();
    std::exception_ptr failure;
    Injection injection(trial.kind, n, trial.extent);
    try {
      body();
    } catch (...) {
      failure = std::current_exception();
    }
    injection.stop();
    const bool threw = failure != nullptr;
    if (threw) {
      ++failures;
      check_failure(failure, trial.kind);
      failure = nullptr;
    }
    const Held now = held();
    EXPECT_EQ(now.memory, before.memory) << "blocks of memory leaked, call " << n;
    EXPECT_EQ(now.mappings, before.mappings) << "mappings leaked, call " << n;
    EXPECT_EQ(now.descriptors, before.descriptors) << "files left open, call " << n;
    if (after) after(threw);
    if (::testing::Test::HasFailure()) {
      injection.print_where();
      FAIL() << "with call " << n << " failing";
    }
    if (!injection.reached()) break;
  }
  EXPECT_GT(failures, 0) << "nothing failed: the calls are not those of the program";
}

}  // namespace jet::faults
