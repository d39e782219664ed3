// "%s" % value and "{}".format(value).
#include "text/jinja/printf.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Conversion {
  bool left = false, zeros = false, sign = false, blank = false;
  size_t width = 0;
  std::optional<size_t> precision;
  char type = '\0';
};

constexpr size_t kWidest = 1000;

class Printf {
 public:
  Printf(Runtime& rt, std::string_view format, const Value& values)
      : rt_(rt), format_(format), values_(values) {
    const Sequence* sequence = values.sequence();
    if (sequence && sequence->kind == Sequence::Kind::tuple) tuple_ = sequence;
  }

  std::string run() {
    while (at_ < format_.size()) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      rt_.append(out_, format_.substr(at_, percent - at_));
      at_ = percent;
      if (at_ < format_.size()) conversion();
    }
    // A list or dict may be left over, as in Python.
    const bool all_used =
        tuple_ ? next_ == tuple_->items.size() : next_ == 1 || values_.sequence() || values_.dict();
    if (!all_used) rt_.fail("'%': not all values are used by the format");
    return std::move(out_);
  }

 private:
  char peek() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  size_t number() {
    size_t value = 0;
    while (is_digit(peek()))
      value = std::min(value * 10 + static_cast<size_t>(format_[at_++] - '0'), kWidest + 1);
    if (value > kWidest) rt_.fail("'%': a width of more than {}", kWidest);
    return value;
  }

  void conversion() {
    ++at_;
    Conversion c;
    for (;; ++at_) {
      const char flag = peek();
      if (flag == '-')
        c.left = true;
      else if (flag == '0')
        c.zeros = true;
      else if (flag == '+')
        c.sign = true;
      else if (flag == ' ')
        c.blank = true;
      else
        break;
    }
    c.width = number();
    if (peek() == '.') {
      ++at_;
      c.precision = number();
    }
    c.type = peek();
    ++at_;
    if (c.type == '%') return rt_.append(out_, "%");
    switch (c.type) {
      case 's':
        return put(c, cut(c, to_text(rt_, take())));
      case 'r':
        return put(c, cut(c, to_repr(rt_, take())));
      case 'd':
      case 'i':
        return put_number(c, integer_digits(c, take()));
      case 'f':
        return put_number(c, real_digits(c, take()));
      default:
        rt_.fail("'%': a conversion that is not supported, only s, r, d, i, f and %% are");
    }
  }

  const Value& take() {
    const size_t count = tuple_ ? tuple_->items.size() : 1;
    if (next_ >= count) rt_.fail("'%': not enough values for the format");
    return tuple_ ? tuple_->items[next_++] : (++next_, values_);
  }

  static std::string cut(const Conversion& c, std::string text) {
    if (c.precision) text.resize(offset_of(text, *c.precision));
    return text;
  }

  std::string integer_digits(const Conversion& c, const Value& value) {
    if (!value.is_number()) rt_.fail("'%{}' needs a number, not '{}'", c.type, type_name(value));
    std::string digits;
    if (value.is_integer()) {
      digits = std::to_string(value.integer());
    } else {
      if (!std::isfinite(value.number())) rt_.fail("'%{}' needs a finite number", c.type);
      digits = fmt::format("{:.0f}", std::trunc(value.number()));
      if (digits == "-0") digits = "0";
    }
    const size_t sign = digits.starts_with('-') ? 1 : 0;
    const size_t wanted = c.precision.value_or(0);
    if (digits.size() - sign < wanted) digits.insert(sign, wanted - (digits.size() - sign), '0');
    return digits;
  }

  std::string real_digits(const Conversion& c, const Value& value) {
    if (!value.is_number()) rt_.fail("'%f' needs a number, not '{}'", type_name(value));
    return fmt::format("{:.{}f}", value.number(), c.precision.value_or(6));
  }

  void put_number(const Conversion& c, std::string digits) {
    if (!digits.starts_with('-') && c.sign)
      digits.insert(0, "+");
    else if (!digits.starts_with('-') && c.blank)
      digits.insert(0, " ");
    if (c.zeros && !c.left && digits.size() < c.width) {
      digits.insert(is_digit(digits[0]) ? 0 : 1, c.width - digits.size(), '0');
    }
    put(c, digits);
  }

  void put(const Conversion& c, const std::string& text) {
    const size_t size = code_points(text);
    const std::string fill(size < c.width ? c.width - size : 0, ' ');
    if (!c.left) rt_.append(out_, fill);
    rt_.append(out_, text);
    if (c.left) rt_.append(out_, fill);
  }

  Runtime& rt_;
  std::string_view format_;
  const Value& values_;
  const Sequence* tuple_ = nullptr;
  size_t at_ = 0;
  size_t next_ = 0;
  std::string out_;
};

// The argument of the field "", "0" or "name".
const Value& field_value(Runtime& rt, std::string_view field, const Arguments& arguments,
                         size_t& next) {
  if (field.find_first_of(".[:!{") != std::string_view::npos) {
    rt.fail("format(): the field '{{{}}}' is not supported, only {{}}, {{0}} and {{name}} are",
            field);
  }
  size_t index = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), index);
  if (field.empty()) {
    index = next++;
  } else if (error != std::errc() || end != field.data() + field.size()) {
    const Value* named = arguments.find(field);
    if (!named) rt.fail("format(): there is no argument '{}'", field);
    return *named;
  }
  if (index >= arguments.positional.size()) rt.fail("format(): there is no argument {}", index);
  return arguments.positional[index];
}

}  // namespace

std::string format_printf(Runtime& rt, std::string_view format, const Value& values) {
  return Printf(rt, format, values).run();
}

std::string format_fields(Runtime& rt, std::string_view format, const Arguments& arguments) {
  std::string out;
  size_t next = 0;
  for (size_t i = 0; i < format.size();) {
    const char c = format[i];
    const bool doubled = i + 1 < format.size() && format[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      rt.append(out, format.substr(i, 1));
      i += 2;
    } else if (c == '}') {
      rt.fail("format(): a single '}}'");
    } else if (c == '{') {
      const size_t close = format.find('}', i);
      if (close == std::string_view::npos) rt.fail("format(): a single '{{'");
      rt.append(out,
                to_text(rt, field_value(rt, format.substr(i + 1, close - i - 1), arguments, next)));
      i = close + 1;
    } else {
      const size_t end = std::min(format.find_first_of("{}", i), format.size());
      rt.append(out, format.substr(i, end - i));
      i = end;
    }
  }
  return out;
}

}  // namespace jet::jinja
