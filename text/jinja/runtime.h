// What every operation of one rendering shares: the caps, counted down, and the place that an error
// names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/limits.h"
#include "text/jinja/source.h"
#include "text/jinja/value.h"

namespace jet::jinja {

class Runtime {
 public:
  explicit Runtime(const Source& source) : source_(source) {}
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Where the template is; set after the operands are evaluated, right before the operation itself.
  void at(Position position) { position_ = position; }
  Position position() const { return position_; }
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    source_.fail_at(position_, fmt::format(format, std::forward<Args>(args)...));
  }

  void charge(uint64_t steps);
  // One step and one more for every 256 bytes that are looked at.
  void step(size_t bytes = 0) { charge(1 + bytes / 256); }
  // Refuses a list of so many elements, before it is made.
  void check_items(size_t count) const;
  // Counts bytes of values before they are made.
  void grow(size_t bytes);
  void append(std::string& out, std::string_view piece);

  // Values that the template builds: counted, and refused when too large or too deep.
  Value text(std::string text);
  Value list(std::vector<Value> items) { return sequence(Sequence::Kind::list, std::move(items)); }
  Value tuple(std::vector<Value> items) {
    return sequence(Sequence::Kind::tuple, std::move(items));
  }
  Value sequence(Sequence::Kind kind, std::vector<Value> items);
  Value range(Sequence::Range range, std::vector<Value> items);
  Value iterator(std::vector<Value> items);
  Value dict(Dict dict);
  Value method(const Builtin& builtin, const Value& self);
  // An Undefined that says why, for the error if it is used.
  template <typename... Args>
  Value undefined(fmt::format_string<Args...> format, Args&&... args) {
    return Value(Undefined{make_text(fmt::format(format, std::forward<Args>(args)...))});
  }

  // Objects with identity, kept until the rendering ends: they may point at one another in circles.
  Namespace& make_namespace();
  Loop& make_loop(Loop loop);

  // Counts nested evaluation; throws when it is too deep.
  class Nested {
   public:
    explicit Nested(Runtime& rt);
    ~Nested() { --rt_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Runtime& rt_;
  };

 private:
  const Source& source_;
  Position position_ = 0;
  uint64_t steps_ = 0;
  size_t built_ = 0;
  int depth_ = 0;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace jet::jinja
