// What a template may cost. Templates come with models, so from strangers: every cap is an Error,
// never a crash.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jet::jinja {

inline constexpr size_t kMaxSource = size_t{1} << 20;  // bytes of a template
inline constexpr int kMaxParseDepth = 100;             // brackets and blocks inside one another
inline constexpr int kMaxTreeDepth = 200;   // nodes, so also terms of one a + b + c + ...
inline constexpr int kMaxCallDepth = 1000;  // tree nodes being evaluated at once, through macros
inline constexpr int kMaxValueDepth = 200;  // lists and dicts inside one another
inline constexpr uint64_t kMaxSteps =
    10'000'000;  // nodes evaluated, elements visited, 256 bytes scanned
inline constexpr size_t kMaxOutput = size_t{16}
                                     << 20;  // bytes of one rendering, and of any one string
inline constexpr size_t kMaxItems = size_t{1} << 20;  // elements of one list
inline constexpr size_t kMaxBuilt = size_t{1} << 28;  // bytes of all values one rendering makes
inline constexpr int64_t kMaxRange = 100'000;  // elements of range(), the limit of Jinja's sandbox

}  // namespace jet::jinja
