// Where names are looked up while a template runs.
#pragma once

#include <string_view>
#include <unordered_map>

#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace jet::jinja {

// One level of names: the input, the template, a loop's body, a macro's body. `if` opens none.
struct Scope {
  Scope* parent = nullptr;
  std::unordered_map<std::string_view, Value> names;  // views into the tree, the input or literals
  bool captured = false;  // a macro was defined in it or below, and may outlive the block

  const Value* find(std::string_view name) const {
    for (const Scope* scope = this; scope; scope = scope->parent) {
      const auto found = scope->names.find(name);
      if (found != scope->names.end()) return &found->second;
    }
    return nullptr;
  }
};

struct Macro {
  const MacroDefinition* definition = nullptr;
  Scope* scope = nullptr;  // where it was defined
};

}  // namespace jet::jinja
