// For configs whose every field changes results: what is not read must not be there.
#pragma once

#include <initializer_list>
#include <string_view>

#include "io/json.h"

namespace jet {

// Throws Error naming the first field that is none of `known`.
void expect_only(const Fields& fields, std::initializer_list<std::string_view> known);

}  // namespace jet
