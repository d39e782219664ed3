// Unicode normalisation form C.
#pragma once

#include <string>
#include <string_view>

namespace jet {

// `text` is well-formed UTF-8. Returns `text` itself where it is plainly in form C already, else a
// view of `storage`, which then holds the result. O(n log n), also for long runs of combining
// marks.
std::string_view normalize_nfc(std::string_view text, std::string& storage);

}  // namespace jet
