// Loop: one element ahead of the body.
#include "text/jinja/value.h"

namespace jet::jinja {

std::optional<Value> Loop::peek() {
  if (ahead.empty()) {
    std::optional<Value> next = source();
    if (!next) return std::nullopt;
    ahead.push_back(std::move(*next));
  }
  return ahead.front();
}

bool Loop::advance() {
  std::optional<Value> next = peek();
  if (!next) return false;
  ahead.pop_front();
  ++index0;
  previous = std::move(current);
  current = std::move(next);
  return true;
}

bool Loop::is_last() { return !peek(); }

int64_t Loop::count() {
  if (!length) {
    while (std::optional<Value> next = source()) ahead.push_back(std::move(*next));
    length = ahead.size() + static_cast<size_t>(index0 + 1);
  }
  return static_cast<int64_t>(*length);
}

}  // namespace jet::jinja
