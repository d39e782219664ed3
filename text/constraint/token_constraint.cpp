#include "text/constraint/token_constraint.h"

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace jet {
namespace {

size_t shared_bytes(std::string_view a, std::string_view b) {
  const auto [left, right] = std::ranges::mismatch(a, b);
  return static_cast<size_t>(left - a.begin());
}

const JsonGrammar& string_grammar() {
  static const JsonGrammar grammar = [] {
    JsonGrammar made = any_json_object();
    made.root = kAnyString;
    return made;
  }();
  return grammar;
}

}  // namespace

TokenTable::TokenTable(const Tokenizer& tokenizer)
    : tokenizer_(tokenizer), stays_in_string_(static_cast<size_t>(tokenizer.vocabulary())) {
  for (int32_t id = 0; id < tokenizer.vocabulary(); ++id) {
    if (!tokenizer.is_special(id) && !tokenizer.bytes(id).empty()) all_.push_back({id, 0});
  }
  std::ranges::sort(all_, {}, [this](const Entry& entry) { return bytes(entry.id); });
  const auto measure = [this](std::vector<Entry>& entries) {
    for (size_t i = 1; i < entries.size(); ++i)
      entries[i].shared =
          static_cast<uint32_t>(shared_bytes(bytes(entries[i - 1].id), bytes(entries[i].id)));
  };
  measure(all_);
  JsonMachine string(string_grammar());
  string.push('"');
  for (const Entry& entry : all_) {
    const std::string_view text = bytes(entry.id);
    longest_ = std::max(longest_, static_cast<int64_t>(text.size()));
    JsonMachine machine = string;
    if (machine.push(text) && !machine.accepts())
      stays_in_string_[static_cast<size_t>(entry.id)] = 1;
    else if (text.find('"') != std::string_view::npos)
      leaves_string_.push_back(entry);
  }
  measure(leaves_string_);
}

void TokenTable::mark(const JsonMachine& machine, std::span<uint8_t> allowed) const {
  if (!machine.is_in_string(longest_)) {
    std::ranges::fill(allowed, uint8_t{0});
    return walk(machine, all_, allowed);
  }
  std::ranges::copy(stays_in_string_, allowed.begin());
  walk(machine, leaves_string_, allowed);
}

// Sorted tokens are a tree of prefixes: each prefix is read once, and what begins with one that
// cannot be read is passed over.
void TokenTable::walk(const JsonMachine& machine, std::span<const Entry> entries,
                      std::span<uint8_t> allowed) const {
  std::vector<JsonMachine> prefixes{machine};  // [n]: after n bytes of the last token
  size_t dead =
      std::numeric_limits<size_t>::max();  // the last token could not be read beyond so many bytes
  for (const Entry& entry : entries) {
    if (entry.shared > dead) continue;
    const std::string_view text = bytes(entry.id);
    prefixes.resize(std::min<size_t>(prefixes.size(), entry.shared + 1), machine);
    dead = std::numeric_limits<size_t>::max();
    for (size_t at = prefixes.size() - 1; at < text.size(); ++at) {
      JsonMachine next = prefixes.back();
      if (!next.push(text[at])) {
        dead = at;
        break;
      }
      prefixes.push_back(std::move(next));
    }
    if (dead > text.size()) allowed[static_cast<size_t>(entry.id)] = 1;
  }
}

TokenConstraint::TokenConstraint(std::shared_ptr<const TokenTable> table,
                                 std::shared_ptr<const JsonGrammar> grammar,
                                 std::vector<int32_t> ends)
    : table_(std::move(table)),
      grammar_(std::move(grammar)),
      ends_(std::move(ends)),
      machine_(*grammar_),
      allowed_(static_cast<size_t>(table_->vocabulary())) {}

void TokenConstraint::apply(std::span<const int32_t> answer, std::span<float> scores) {
  for (; read_ < answer.size(); ++read_) {
    if (!machine_.push(table_->bytes(answer[read_])))
      fail("the answer left its JSON grammar at token {}", read_);
  }
  table_->mark(machine_, allowed_);
  if (machine_.accepts()) {
    for (const int32_t id : ends_) allowed_[static_cast<size_t>(id)] = 1;
  }
  bool any = false;
  for (size_t id = 0; id < scores.size(); ++id) {
    if (id < allowed_.size() && allowed_[id] != 0)
      any = true;
    else
      scores[id] = -std::numeric_limits<float>::infinity();
  }
  if (!any) fail("no token of this model goes on with the JSON that was asked for");
}

}  // namespace jet
