// The methods, by the type of their object.
#pragma once

#include <span>

#include "text/jinja/builtins.h"

namespace jet::jinja {

std::span<const Builtin> text_methods();
std::span<const Builtin> dict_methods();
std::span<const Builtin> list_methods();  // of tuples and ranges too
std::span<const Builtin> loop_methods();

}  // namespace jet::jinja
