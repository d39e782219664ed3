// JSON as Python's json.dumps() writes it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "text/jinja/numbers.h"
#include "text/jinja/operators.h"
#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

std::string json_number(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  return float_text(number);
}

void append_escape(std::string& out, char32_t c) {
  if (c <= 0xffff) {
    out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    return;
  }
  const uint32_t pair = static_cast<uint32_t>(c) - 0x10000;
  out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (pair >> 10), 0xdc00 + (pair & 0x3ff));
}

std::string quoted(std::string_view text, bool ascii) {
  std::string out = "\"";
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const char32_t c = next_code_point(text, offset);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (c < 0x20 || (ascii && c > 0x7e)) {
          append_escape(out, c);
        } else {
          out += text.substr(start, offset - start);
        }
    }
  }
  return out + "\"";
}

class Writer {
 public:
  Writer(Runtime& rt, const JsonStyle& style, std::string& out)
      : rt_(rt), style_(style), out_(out) {}

  void write(const Value& value) {
    rt_.step();
    if (const std::string* text = value.text()) return put(quoted(*text, style_.ascii));
    if (const Dict* dict = value.dict()) return write(*dict);
    const Sequence* sequence = value.sequence();
    if (sequence &&
        (sequence->kind == Sequence::Kind::list || sequence->kind == Sequence::Kind::tuple)) {
      return write(*sequence);
    }
    put(scalar(value));
  }

 private:
  void put(std::string_view text) { rt_.append(out_, text); }

  std::string scalar(const Value& value) {
    if (value.is_none()) return "null";
    if (const bool* boolean = std::get_if<bool>(&value.data)) return *boolean ? "true" : "false";
    if (value.is_integer()) return std::to_string(value.integer());
    if (const double* real = std::get_if<double>(&value.data)) return json_number(*real);
    rt_.fail("tojson: a value of type '{}' has no JSON", type_name(value));
  }

  std::string key_text(const Value& key) {
    if (const std::string* text = key.text()) return *text;
    if (key.sequence()) rt_.fail("tojson: a key of type '{}' has no JSON", type_name(key));
    return scalar(key);
  }

  void new_line(size_t level) {
    if (!style_.indent) return;
    put("\n");
    for (size_t i = 0; i < level; ++i) put(*style_.indent);
  }

  template <typename Items, typename WriteItem>
  void write_items(char open, const Items& items, char close, WriteItem write_item) {
    put(std::string_view(&open, 1));
    ++level_;
    bool first = true;
    for (const auto& item : items) {
      if (!std::exchange(first, false)) put(style_.between_items);
      new_line(level_);
      write_item(item);
    }
    --level_;
    if (!items.empty()) new_line(level_);
    put(std::string_view(&close, 1));
  }

  void write(const Sequence& sequence) {
    write_items('[', sequence.items, ']', [&](const Value& item) { write(item); });
  }

  void write(const Dict& dict) {
    std::vector<Dict::Item> sorted;
    if (style_.sort_keys) {
      sorted = dict.items();
      std::ranges::stable_sort(
          sorted, [&](const auto& a, const auto& b) { return less(rt_, a.first, b.first); });
    }
    write_items('{', style_.sort_keys ? sorted : dict.items(), '}', [&](const Dict::Item& item) {
      put(quoted(key_text(item.first), style_.ascii));
      put(style_.behind_key);
      write(item.second);
    });
  }

  Runtime& rt_;
  const JsonStyle& style_;
  std::string& out_;
  size_t level_ = 0;
};

}  // namespace

std::string to_json(Runtime& rt, const Value& value, const JsonStyle& style) {
  std::string out;
  Writer(rt, style, out).write(value);
  return out;
}

}  // namespace jet::jinja
