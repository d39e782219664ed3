// JSON by the SAX interface of nlohmann-json: the document is built here, so that depth and
// duplicates are known first.
#include "io/json.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/printable.h"

namespace jet {
namespace {

constexpr size_t kMaxDepth = 100;

// Walks the text and tells how far the parser has read, which its callbacks do not.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: `problem`; last read: ..." ->
// problem
std::string problem_of(std::string_view message) {
  if (const size_t id = message.find("] "); id != message.npos) message.remove_prefix(id + 2);
  if (message.starts_with("parse error")) {
    if (const size_t colon = message.find(": "); colon != message.npos) {
      message.remove_prefix(colon + 2);
    }
  }
  return printable(message.substr(0, message.find("; last read")));
}

class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view where, const char* const* reached)
      : text_(text), where_(where), reached_(reached) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }  // of the binary formats alone

  bool start_object(size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (!open_.back().keys.insert(name).second) {
      bad(fmt::format("the key \"{}\" is given twice", printable(name)));
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    bad(problem_of(error.what()));
  }

  // Throws, with the place that the parser has reached.
  [[noreturn]] void bad(std::string_view problem) const {
    const std::string_view read = text_.substr(0, static_cast<size_t>(*reached_ - text_.data()));
    const auto line = 1 + std::ranges::count(read, '\n');
    const size_t line_start = read.rfind('\n') + 1;  // npos + 1 == 0
    const size_t column = std::max<size_t>(read.size() - line_start, 1);
    fail("{}: line {}, column {}: {}", where_, line, column, problem);
  }

 private:
  struct Level {
    Json* value;
    std::unordered_set<std::string> keys;
  };

  template <typename T>
  bool add(T&& value) {
    place(std::forward<T>(value));
    return true;
  }

  // Appends to the open container. Json's own object insertion searches for the key each time:
  // quadratic.
  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back().value;
    if (parent.is_array()) {
      auto& items = parent.get_ref<Json::array_t&>();
      return &items.emplace_back(std::move(value));
    }
    auto& fields = parent.get_ref<Json::object_t&>();
    return &fields.emplace_back(std::move(key_), std::move(value)).second;
  }

  bool open(Json container) {
    if (open_.size() == kMaxDepth) bad(fmt::format("nested deeper than {} levels", kMaxDepth));
    Json* placed = place(std::move(container));
    open_.push_back({placed, {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string_view where_;
  const char* const* reached_;
  Json root_;
  std::vector<Level> open_;
  std::string key_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  const char* reached = text.data();
  if (const size_t zero = text.find('\0'); zero != text.npos) {
    reached += zero + 1;  // the parser would take it for the end
    Builder(text, where, &reached).bad("a zero byte");
  }
  Builder builder(text, where, &reached);
  const Cursor begin(text.data(), &reached);
  const Cursor end(text.data() + text.size(), &reached);
  const bool complete = Json::sax_parse(begin, end, &builder);
  JET_CHECK(complete);  // every error has thrown
  return builder.take();
}

}  // namespace jet
