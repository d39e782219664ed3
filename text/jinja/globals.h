// The functions that every template may call.
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/builtins.h"

namespace jet::jinja {

// range, dict, namespace, raise_exception, strftime_now.
std::span<const Builtin> global_functions();
// Names that are functions in Jinja and are not supported here: an error instead of an undefined
// value.
bool is_unsupported_global(std::string_view name);

}  // namespace jet::jinja
