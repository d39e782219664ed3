// Text from files made fit for a message: one line, no control characters, of bounded length.
#pragma once

#include <string>
#include <string_view>

namespace jet {

// Control characters and bytes that are not ASCII as \xNN; what goes beyond `limit` bytes as "...".
std::string printable(std::string_view text, size_t limit = 120);

}  // namespace jet
