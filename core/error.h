// Throwing jet::Error with a formatted message, and JET_CHECK for our own invariants.
#pragma once

#include <utility>

#include <fmt/format.h>

#include <jet/error.h>

namespace jet {

// Throws Error: `fail("{}: tensor {} has {} rows, expected {}", file, name, rows, expected)`.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

// Prints the broken invariant and stops the program; used by JET_CHECK, also in release builds.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace jet

// For invariants of our own that input cannot break. Input is checked with `fail`.
#define JET_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::jet::check_failed(#condition, __FILE__, __LINE__))
