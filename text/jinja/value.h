// The values a template computes with: Python's, as far as templates can tell.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace jet::jinja {

struct Sequence;
class Dict;
struct Iterator;
struct Namespace;
struct Loop;
struct Macro;
struct Callable;

using Text = std::shared_ptr<const std::string>;  // UTF-8, always valid
inline Text make_text(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

struct Undefined {
  Text why;  // "'x' is undefined"
};
struct None {};

// Cheap to copy. Lists and dicts never change once made (the sandbox forbids it), so they hold no
// cycles; what can change (namespaces, loops) is owned by the Runtime and pointed at.
struct Value {
  using Data =
      std::variant<Undefined, None, bool, int64_t, double, Text, std::shared_ptr<const Sequence>,
                   std::shared_ptr<const Dict>, std::shared_ptr<Iterator>, Namespace*, Loop*,
                   Macro*, std::shared_ptr<const Callable>>;
  Data data;

  Value() = default;
  template <typename T>
  requires(std::constructible_from<Data, T> && !std::integral<std::remove_cvref_t<T>> &&
           !std::same_as<std::remove_cvref_t<T>, Value>) explicit Value(T&& value)
      : data(std::forward<T>(value)) {}
  template <std::integral T>
  explicit Value(T value) : data(to_data(value)) {}
  explicit Value(std::string text) : data(make_text(std::move(text))) {}
  explicit Value(std::string_view text) : Value(std::string(text)) {}
  explicit Value(const char* text) : Value(std::string(text)) {}

  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(data);
  }
  bool is_undefined() const { return is<Undefined>(); }
  bool is_none() const { return is<None>(); }
  bool is_integer() const { return is<int64_t>() || is<bool>(); }  // Python's bool is an int
  bool is_number() const { return is_integer() || is<double>(); }

  // Null when the value is of another type.
  const std::string* text() const;
  const Sequence* sequence() const;
  const Dict* dict() const;
  // Requires is_integer(), is_number().
  int64_t integer() const;
  double number() const;

 private:
  template <std::integral T>
  static Data to_data(T value) {
    if constexpr (std::same_as<T, bool>) return Data(value);
    return Data(static_cast<int64_t>(value));
  }
};

// How large a value is when written out; elements that are shared count each time.
struct Extent {
  int depth = 1;        // 1 + that of the deepest element
  uint64_t weight = 1;  // about one for each element and for every 256 bytes of text; saturates
  void contain(const Extent& element);
};
Extent extent_of(const Value& value);

// list, tuple, range, and what dict.keys(), .values() and .items() return.
struct Sequence {
  enum class Kind { list, tuple, range, keys, values, items };
  struct Range {
    int64_t start = 0, stop = 0, step = 1;
  };
  Kind kind = Kind::list;
  std::vector<Value> items;
  Range range;  // of a range
  Extent extent;
};

// Ordered by insertion; keys are strings, numbers, None and tuples of them.
class Dict {
 public:
  using Item = std::pair<Value, Value>;
  const std::vector<Item>& items() const { return items_; }
  size_t size() const { return items_.size(); }
  const Extent& extent() const { return extent_; }
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  // Replaces the value of a key that is there.
  void set(Value key, Value value);

 private:
  const Value* find(const Value& key, size_t hash) const;

  std::vector<Item> items_;
  std::unordered_multimap<size_t, size_t> index_;  // hash of the key -> place in items_
  Extent extent_;
};

// What map, select and the like return: true even when empty, has no length, gone once it is read.
struct Iterator {
  std::vector<Value> items;
  size_t next = 0;
  Extent extent;
};

struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;
  Value* find(std::string_view name);
};

// The `loop` variable. The sequence is read one ahead at most unless its length is asked for, since
// the filter of `for ... if` runs while it is read.
struct Loop {
  std::function<std::optional<Value>()> source;
  std::optional<size_t> length;  // known from the start, unless filtered
  std::list<Value> ahead;        // read and not used yet
  int64_t index0 = -1;
  std::optional<Value> previous, current, changed;

  bool advance();  // false at the end
  bool is_last();
  std::optional<Value> peek();
  int64_t count();
};

struct Builtin;
// A function of the house or a method with its object.
struct Callable {
  const Builtin* builtin = nullptr;
  Value self;
};

// Python's ==: 1 == 1.0 == true, a list is no tuple, namespaces and functions equal themselves
// alone. Visits no more than the lesser of the two weights.
bool equal(const Value& a, const Value& b);
// As Python's error messages name it: "str", "NoneType".
std::string_view type_name(const Value& value);
// Whether a dict accepts it as a key.
bool is_hashable(const Value& value);

}  // namespace jet::jinja
