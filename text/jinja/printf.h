// Formatting of text: the % operator and str.format().
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/builtins.h"

namespace jet::jinja {

// "%s has %d" % (name, count): s, r, d, i, f and %%, with flags, width and precision.
std::string format_printf(Runtime& rt, std::string_view format, const Value& values);
// "{} {0} {name}".format(...): plain fields only, without conversion or format.
std::string format_fields(Runtime& rt, std::string_view format, const Arguments& arguments);

}  // namespace jet::jinja
