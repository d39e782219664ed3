// str() and repr().
#include "text/jinja/repr.h"

#include <utility>

#include "text/jinja/builtins.h"
#include "text/jinja/numbers.h"
#include "text/jinja/scope.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

void append_quoted(Runtime& rt, std::string& out, std::string_view text) {
  rt.grow(text.size());
  const bool doubles =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = doubles ? '"' : '\'';
  out += quote;
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const char32_t c = next_code_point(text, offset);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(start, offset - start);
    } else if (c <= 0xff) {
      out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
    } else if (c <= 0xffff) {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    } else {
      out += fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
    }
  }
  rt.append(out, std::string_view(&quote, 1));
}

class Writer {
 public:
  Writer(Runtime& rt, std::string& out) : rt_(rt), out_(out) {}

  void write(const Value& value) {
    const Runtime::Nested nested(rt_);  // namespaces may hold themselves
    rt_.step();
    if (const std::string* text = value.text()) return append_quoted(rt_, out_, *text);
    if (const Sequence* sequence = value.sequence()) return write(*sequence);
    if (const Dict* dict = value.dict()) return write(*dict);
    if (Namespace* const* space = std::get_if<Namespace*>(&value.data)) return write(**space);
    if (value.is_undefined()) return put("Undefined");
    append_text(rt_, out_, value);
  }

 private:
  void put(std::string_view text) { rt_.append(out_, text); }

  void write_items(const std::vector<Value>& items) {
    bool first = true;
    for (const Value& item : items) {
      if (!std::exchange(first, false)) put(", ");
      write(item);
    }
  }

  void write(const Sequence& sequence) {
    const Sequence::Range& range = sequence.range;
    switch (sequence.kind) {
      case Sequence::Kind::list:
        return enclosed("[", sequence.items, "]");
      case Sequence::Kind::tuple:
        return enclosed("(", sequence.items, sequence.items.size() == 1 ? ",)" : ")");
      case Sequence::Kind::keys:
        return enclosed("dict_keys([", sequence.items, "])");
      case Sequence::Kind::values:
        return enclosed("dict_values([", sequence.items, "])");
      case Sequence::Kind::items:
        return enclosed("dict_items([", sequence.items, "])");
      case Sequence::Kind::range:
        if (range.step == 1) return put(fmt::format("range({}, {})", range.start, range.stop));
        return put(fmt::format("range({}, {}, {})", range.start, range.stop, range.step));
    }
  }

  void enclosed(std::string_view open, const std::vector<Value>& items, std::string_view close) {
    put(open);
    write_items(items);
    put(close);
  }

  void write(const Dict& dict) {
    put("{");
    bool first = true;
    for (const auto& [key, value] : dict.items()) {
      if (!std::exchange(first, false)) put(", ");
      write(key);
      put(": ");
      write(value);
    }
    put("}");
  }

  void write(const Namespace& space) {
    put("<Namespace {");
    bool first = true;
    for (const auto& [name, value] : space.attributes) {
      if (!std::exchange(first, false)) put(", ");
      append_quoted(rt_, out_, name);
      put(": ");
      write(value);
    }
    put("}>");
  }

  Runtime& rt_;
  std::string& out_;
};

struct Printer {
  Runtime& rt;
  std::string& out;
  const Value& value;

  void operator()(const Undefined&) const {}
  void operator()(const None&) const { rt.append(out, "None"); }
  void operator()(bool boolean) const { rt.append(out, boolean ? "True" : "False"); }
  void operator()(int64_t integer) const { rt.append(out, std::to_string(integer)); }
  void operator()(double real) const { rt.append(out, float_text(real)); }
  void operator()(const Text& text) const { rt.append(out, *text); }
  void operator()(const std::shared_ptr<const Sequence>&) const { Writer(rt, out).write(value); }
  void operator()(const std::shared_ptr<const Dict>&) const { Writer(rt, out).write(value); }
  void operator()(Namespace*) const { Writer(rt, out).write(value); }
  void operator()(Loop* loop) const {
    rt.append(out, fmt::format("<LoopContext {}/{}>", loop->index0 + 1, loop->count()));
  }
  void operator()(Macro* macro) const {
    rt.append(out, "<Macro ");
    append_quoted(rt, out, macro->definition->name);
    rt.append(out, ">");
  }
  void operator()(const std::shared_ptr<Iterator>&) const {
    rt.fail("an unfinished list (of map, select, ...) cannot be printed: add |list or |join");
  }
  void operator()(const std::shared_ptr<const Callable>& callable) const {
    rt.fail("the function {}() cannot be printed: a call is missing", callable->builtin->name);
  }
};

}  // namespace

void append_text(Runtime& rt, std::string& out, const Value& value) {
  std::visit(Printer{rt, out, value}, value.data);
}

std::string to_text(Runtime& rt, const Value& value) {
  std::string out;
  append_text(rt, out, value);
  return out;
}

std::string to_repr(Runtime& rt, const Value& value) {
  std::string out;
  Writer(rt, out).write(value);
  return out;
}

}  // namespace jet::jinja
