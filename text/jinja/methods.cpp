// Which attributes Python's types have, and which of them the sandbox forbids.
#include "text/jinja/methods.h"

#include <algorithm>

namespace jet::jinja {
namespace {

// Names separated by blanks.
bool lists(std::string_view names, std::string_view name) {
  for (size_t at = names.find(name); at != std::string_view::npos; at = names.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || names[at - 1] == ' ') && (end == names.size() || names[end] == ' '))
      return true;
  }
  return false;
}

Method look_up(std::span<const Builtin> known, std::string_view unsafe,
               std::string_view unsupported, std::string_view name) {
  const auto found = std::ranges::find(known, name, &Builtin::name);
  if (found != known.end()) return {.status = Method::Status::known, .builtin = &*found};
  if (lists(unsafe, name)) return {.status = Method::Status::unsafe, .builtin = nullptr};
  if (lists(unsupported, name)) return {.status = Method::Status::unsupported, .builtin = nullptr};
  return {};
}

constexpr std::string_view kTextUnsupported =
    "casefold center encode expandtabs format_map isascii isidentifier isnumeric isprintable "
    "istitle ljust maketrans "
    "rindex rjust swapcase translate zfill";
constexpr std::string_view kNumberUnsupported =
    "as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag "
    "is_integer numerator real "
    "to_bytes";
constexpr std::string_view kListUnsafe = "append clear pop reverse insert sort extend remove";
constexpr std::string_view kDictUnsafe = "clear pop popitem setdefault update";
constexpr std::string_view kMacroUnsupported =
    "name arguments catch_kwargs catch_varargs caller explicit_caller";

}  // namespace

Method find_method(const Value& object, std::string_view name) {
  if (object.text()) return look_up(text_methods(), {}, kTextUnsupported, name);
  if (object.dict()) return look_up(dict_methods(), kDictUnsafe, "fromkeys", name);
  if (const Sequence* sequence = object.sequence()) {
    switch (sequence->kind) {
      case Sequence::Kind::list:
        return look_up(list_methods(), kListUnsafe, "copy", name);
      case Sequence::Kind::tuple:
        return look_up(list_methods(), {}, {}, name);
      case Sequence::Kind::range:
        return look_up(list_methods(), {}, "start stop step", name);
      default:
        return look_up({}, {}, "isdisjoint mapping", name);
    }
  }
  if (object.is_number()) return look_up({}, {}, kNumberUnsupported, name);
  if (object.is<Loop*>()) return look_up(loop_methods(), {}, {}, name);
  if (object.is<Macro*>()) return look_up({}, {}, kMacroUnsupported, name);
  if (object.is<std::shared_ptr<Iterator>>()) return look_up({}, {}, "send throw close", name);
  return {};
}

}  // namespace jet::jinja
