// The tests of `is`: defined, string, divisibleby, ...
#pragma once

#include <span>

#include "text/jinja/builtins.h"

namespace jet::jinja {

std::span<const Builtin> predicates();

}  // namespace jet::jinja
