// JSON as a template sees it.
#pragma once

#include <string>

#include "io/json.h"
#include "text/jinja/value.h"

namespace jet::jinja {

// Throws Error naming the place, which begins with `name`, of text that is not UTF-8, of a number
// beyond 64 bits and of nesting deeper than 100.
Value from_json(const Json& json, const std::string& name);

}  // namespace jet::jinja
