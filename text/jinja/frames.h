// Which names a scope hides from the start. Jinja decides when it compiles a template where each
// name lives: a name that a scope sets, reads nowhere before, and that no scope around it mentions,
// is undefined there until it is set, even if the caller gave a variable of that name:
//   {% for m in messages %}{{ title }}{% endfor %}{% set title = "x" %}   prints nothing, whatever
//   `title` was.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace jet::jinja {

using HiddenNames = std::shared_ptr<std::vector<std::string>>;

// Follows the parser through the scopes of a template.
class Frames {
 public:
  void open() { frames_.emplace_back(); }
  // What the innermost scope hides. Scopes around it still take names off the list until they are
  // closed themselves.
  HiddenNames close();

  void read(const std::string& name);
  void set(const std::string& name);
  void parameter(const std::string& name) { frames_.back().known.insert(name); }
  // What an `if` sets may be set or not, and so hides nothing.
  void enter_if() { ++frames_.back().ifs; }
  void leave_if() { --frames_.back().ifs; }

 private:
  struct Frame {
    std::set<std::string> known;
    HiddenNames hidden = std::make_shared<std::vector<std::string>>();
    std::vector<HiddenNames> inner;  // of closed scopes inside
    int ifs = 0;
  };
  std::vector<Frame> frames_;
};

}  // namespace jet::jinja
