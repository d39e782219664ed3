// Runtime: counting, and the values a template builds.
#include "text/jinja/runtime.h"

#include <utility>

namespace jet::jinja {

void Runtime::charge(uint64_t steps) {
  steps_ += steps;
  if (steps_ > kMaxSteps) fail("more than {} steps: the template does not seem to end", kMaxSteps);
}

void Runtime::grow(size_t bytes) {
  if (bytes > kMaxBuilt - built_)
    fail("the values of this template need more than {} bytes", kMaxBuilt);
  built_ += bytes;
}

void Runtime::append(std::string& out, std::string_view piece) {
  if (piece.size() > kMaxOutput || out.size() > kMaxOutput - piece.size()) {
    fail("a string of more than {} bytes", kMaxOutput);
  }
  grow(piece.size());
  out += piece;
}

Value Runtime::text(std::string text) {
  if (text.size() > kMaxOutput)
    fail("a string of {} bytes, at most {} are allowed", text.size(), kMaxOutput);
  grow(text.size());
  return Value(std::move(text));
}

void Runtime::check_items(size_t count) const {
  if (count > kMaxItems) fail("a list of {} elements, at most {} are allowed", count, kMaxItems);
}

Value Runtime::sequence(Sequence::Kind kind, std::vector<Value> items) {
  check_items(items.size());
  charge(items.size() / 16);
  grow(items.size() * sizeof(Value));
  Sequence made{.kind = kind, .items = std::move(items), .range = {}, .extent = {}};
  for (const Value& item : made.items) made.extent.contain(extent_of(item));
  if (made.extent.depth > kMaxValueDepth) fail("lists nest deeper than {}", kMaxValueDepth);
  return Value(std::make_shared<const Sequence>(std::move(made)));
}

Value Runtime::range(Sequence::Range range, std::vector<Value> items) {
  charge(items.size() / 16);
  grow(items.size() * sizeof(Value));
  Sequence made{
      .kind = Sequence::Kind::range, .items = std::move(items), .range = range, .extent = {}};
  made.extent.weight += made.items.size();
  made.extent.depth = 2;
  return Value(std::make_shared<const Sequence>(std::move(made)));
}

Value Runtime::iterator(std::vector<Value> items) {
  charge(items.size() / 16);
  grow(items.size() * sizeof(Value));
  auto made = std::make_shared<Iterator>();
  for (const Value& item : items) made->extent.contain(extent_of(item));
  if (made->extent.depth > kMaxValueDepth) fail("lists nest deeper than {}", kMaxValueDepth);
  made->items = std::move(items);
  return Value(std::move(made));
}

Value Runtime::dict(Dict dict) {
  charge(dict.size());
  grow(dict.size() * 2 * sizeof(Dict::Item));
  if (dict.extent().depth > kMaxValueDepth) fail("dicts nest deeper than {}", kMaxValueDepth);
  return Value(std::make_shared<const Dict>(std::move(dict)));
}

Value Runtime::method(const Builtin& builtin, const Value& self) {
  auto made = std::make_shared<const Callable>(Callable{.builtin = &builtin, .self = self});
  Value value(std::move(made));
  if (extent_of(value).depth > kMaxValueDepth) fail("methods nest deeper than {}", kMaxValueDepth);
  return value;
}

Namespace& Runtime::make_namespace() {
  charge(1);
  grow(sizeof(Namespace));
  return *namespaces_.emplace_back(std::make_unique<Namespace>());
}

Loop& Runtime::make_loop(Loop loop) {
  grow(sizeof(Loop) + 512);  // and the deque's first block
  return *loops_.emplace_back(std::make_unique<Loop>(std::move(loop)));
}

Runtime::Nested::Nested(Runtime& rt) : rt_(rt) {
  if (rt.depth_ >= kMaxCallDepth)
    rt.fail("evaluation nests deeper than {}: does a macro call itself?", kMaxCallDepth);
  ++rt.depth_;
}

}  // namespace jet::jinja
