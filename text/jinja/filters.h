// The filters, by what they work on.
#pragma once

#include <span>

#include "text/jinja/builtins.h"

namespace jet::jinja {

std::span<const Builtin> text_filters();  // trim, upper, replace, indent, tojson, int, round, ...
std::span<const Builtin>
sequence_filters();  // length, first, join, sort, unique, sum, dictsort, ...
std::span<const Builtin>
selection_filters();  // map, select, reject, selectattr, rejectattr, default

}  // namespace jet::jinja
