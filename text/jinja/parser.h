// From tokens to the tree. Grammar and precedence are Jinja's.
#pragma once

#include "text/jinja/ast.h"

namespace jet::jinja {

// Throws Error with the place of the first thing that is not understood or not supported.
Body parse(const Source& source);

}  // namespace jet::jinja
