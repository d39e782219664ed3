// Values: access by type, equality, dicts.
#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "text/jinja/numbers.h"

namespace jet::jinja {
namespace {

constexpr uint64_t kHeaviest = uint64_t{1} << 40;

size_t combine(size_t seed, size_t hash) {
  return seed ^ (hash + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2));
}

// Equal values hash alike, whatever their types.
size_t hash_of(const Value& value) {
  if (const std::string* text = value.text()) return std::hash<std::string_view>()(*text);
  if (value.is_integer()) return std::hash<int64_t>()(value.integer());
  if (const double* number = std::get_if<double>(&value.data)) {
    const std::optional<int64_t> whole = exact_integer(*number);
    return whole ? std::hash<int64_t>()(*whole) : std::hash<double>()(*number);
  }
  if (const Sequence* sequence = value.sequence()) {
    size_t hash = 1;
    for (const Value& item : sequence->items) hash = combine(hash, hash_of(item));
    return hash;
  }
  return 0;
}

const void* identity(const Value& value) {
  return std::visit(
      [](const auto& held) -> const void* {
        using T = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::is_pointer_v<T>) return held;
        if constexpr (std::same_as<T, std::shared_ptr<Iterator>>) return held.get();
        return nullptr;
      },
      value.data);
}

bool equal(const Sequence& a, const Sequence& b) {
  return a.kind == b.kind &&
         std::ranges::equal(a.items, b.items,
                            [](const Value& x, const Value& y) { return equal(x, y); });
}

bool equal(const Dict& a, const Dict& b) {
  if (&a == &b) return true;
  return a.size() == b.size() && std::ranges::all_of(a.items(), [&](const Dict::Item& item) {
           const Value* other = b.find(item.first);
           return other && equal(item.second, *other);
         });
}

}  // namespace

void Extent::contain(const Extent& element) {
  depth = std::max(depth, 1 + element.depth);
  weight = std::min(kHeaviest, weight + element.weight);
}

Extent extent_of(const Value& value) {
  if (const std::string* text = value.text()) return {.depth = 1, .weight = 1 + text->size() / 256};
  if (const Sequence* sequence = value.sequence()) return sequence->extent;
  if (const Dict* dict = value.dict()) return dict->extent();
  if (const auto* iterator = std::get_if<std::shared_ptr<Iterator>>(&value.data))
    return (*iterator)->extent;
  if (const auto* callable = std::get_if<std::shared_ptr<const Callable>>(&value.data)) {
    Extent extent;
    extent.contain(extent_of((*callable)->self));
    return extent;
  }
  return {};
}

const std::string* Value::text() const {
  const Text* held = std::get_if<Text>(&data);
  return held ? held->get() : nullptr;
}

const Sequence* Value::sequence() const {
  const auto* held = std::get_if<std::shared_ptr<const Sequence>>(&data);
  return held ? held->get() : nullptr;
}

const Dict* Value::dict() const {
  const auto* held = std::get_if<std::shared_ptr<const Dict>>(&data);
  return held ? held->get() : nullptr;
}

int64_t Value::integer() const {
  if (const bool* boolean = std::get_if<bool>(&data)) return *boolean ? 1 : 0;
  return std::get<int64_t>(data);
}

double Value::number() const {
  if (const double* held = std::get_if<double>(&data)) return *held;
  return static_cast<double>(integer());
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number())
    return compare_numbers(a, b) == std::partial_ordering::equivalent;
  if (a.data.index() != b.data.index()) return false;
  if (a.is_undefined() || a.is_none()) return true;
  if (const std::string* text = a.text()) return *text == *b.text();
  if (const Sequence* sequence = a.sequence()) {
    return sequence == b.sequence() || equal(*sequence, *b.sequence());
  }
  if (const Dict* dict = a.dict()) return equal(*dict, *b.dict());
  if (const auto* callable = std::get_if<std::shared_ptr<const Callable>>(&a.data)) {
    const Callable& other = *std::get<std::shared_ptr<const Callable>>(b.data);
    return (*callable)->builtin == other.builtin && equal((*callable)->self, other.self);
  }
  return identity(a) == identity(b);
}

const Value* Dict::find(const Value& key) const { return find(key, hash_of(key)); }
const Value* Dict::find(std::string_view key) const {
  const auto [first, last] = index_.equal_range(std::hash<std::string_view>()(key));
  for (auto entry = first; entry != last; ++entry) {
    const std::string* text = items_[entry->second].first.text();
    if (text && *text == key) return &items_[entry->second].second;
  }
  return nullptr;
}
const Value* Dict::find(const Value& key, size_t hash) const {
  const auto [first, last] = index_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    if (equal(items_[entry->second].first, key)) return &items_[entry->second].second;
  }
  return nullptr;
}

void Dict::set(Value key, Value value) {
  extent_.contain(extent_of(value));
  const size_t hash = hash_of(key);
  if (const Value* held = find(key, hash)) {
    // The key that came first stays, as in Python.
    const auto item =
        std::ranges::find_if(items_, [&](const Item& i) { return &i.second == held; });
    item->second = std::move(value);
    return;
  }
  extent_.contain(extent_of(key));
  index_.emplace(hash, items_.size());
  items_.emplace_back(std::move(key), std::move(value));
}

Value* Namespace::find(std::string_view name) {
  const auto found = std::ranges::find(attributes, name, &std::pair<std::string, Value>::first);
  return found == attributes.end() ? nullptr : &found->second;
}

std::string_view type_name(const Value& value) {
  struct Names {
    std::string_view operator()(const Undefined&) const { return "Undefined"; }
    std::string_view operator()(const None&) const { return "NoneType"; }
    std::string_view operator()(bool) const { return "bool"; }
    std::string_view operator()(int64_t) const { return "int"; }
    std::string_view operator()(double) const { return "float"; }
    std::string_view operator()(const Text&) const { return "str"; }
    std::string_view operator()(const std::shared_ptr<const Sequence>& sequence) const {
      switch (sequence->kind) {
        case Sequence::Kind::list:
          return "list";
        case Sequence::Kind::tuple:
          return "tuple";
        case Sequence::Kind::range:
          return "range";
        case Sequence::Kind::keys:
          return "dict_keys";
        case Sequence::Kind::values:
          return "dict_values";
        case Sequence::Kind::items:
          return "dict_items";
      }
      return "list";
    }
    std::string_view operator()(const std::shared_ptr<const Dict>&) const { return "dict"; }
    std::string_view operator()(const std::shared_ptr<Iterator>&) const { return "generator"; }
    std::string_view operator()(Namespace*) const { return "Namespace"; }
    std::string_view operator()(Loop*) const { return "LoopContext"; }
    std::string_view operator()(Macro*) const { return "Macro"; }
    std::string_view operator()(const std::shared_ptr<const Callable>&) const { return "function"; }
  };
  return std::visit(Names(), value.data);
}

bool is_hashable(const Value& value) {
  if (value.dict()) return false;
  const Sequence* sequence = value.sequence();
  if (!sequence) return true;
  if (sequence->kind != Sequence::Kind::tuple) return sequence->kind == Sequence::Kind::range;
  return std::ranges::all_of(sequence->items, is_hashable);
}

}  // namespace jet::jinja
