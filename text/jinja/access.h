// object.name, object[key] and object[start:stop:step].
#pragma once

#include <optional>
#include <string_view>

#include "text/jinja/runtime.h"

namespace jet::jinja {

// What the type defines (methods) comes before what a dict holds. Undefined when there is neither.
Value attribute(Runtime& rt, const Value& object, std::string_view name);
// What the object holds comes before what its type defines.
Value item(Runtime& rt, const Value& object, const Value& key);

struct SliceBounds {
  std::optional<int64_t> start, stop, step;
};
Value slice(Runtime& rt, const Value& object, const SliceBounds& bounds);

// The value of "a.b.0" seen from `object`, as filters with an attribute= look it up. A missing part
// becomes `otherwise` where given.
Value follow_path(Runtime& rt, const Value& object, const Value& path,
                  const Value* otherwise = nullptr);

}  // namespace jet::jinja
