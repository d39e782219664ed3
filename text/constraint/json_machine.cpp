#include "text/constraint/json_machine.h"

#include <algorithm>
#include <span>

namespace jet {
namespace {

using Kind = JsonNode::Kind;
using Frame = JsonMachine::Frame;
using Link = JsonMachine::Link;
using Reading = JsonMachine::Reading;
using Below = std::shared_ptr<const Link>;

constexpr int32_t kDeepest = 64;
constexpr uint8_t kMostBlanks = 32;
constexpr int64_t kMostDigits = 17;   // of an integer part or a fraction: no double has more
constexpr int64_t kMostExponent = 2;  // digits

// Phases of objects and arrays: before what comes.
enum : uint8_t { kFirst, kKey, kColon, kValue, kComma, kNext };
// Phases of strings: between characters, after a backslash, in \uXXXX, in a character of several
// bytes.
enum : uint8_t { kText, kEscape, kHex0, kHex1, kHex2, kHex3, kPartial };
// Phases of numbers: after what was read.
enum : uint8_t { kMinus, kZero, kDigits, kDot, kFraction, kE, kSign, kExponent };

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool is_hex(char byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

bool number_may_end(uint8_t phase) {
  return phase == kZero || phase == kDigits || phase == kFraction || phase == kExponent;
}

// Alternatives that have become the same go on as one.
void remove_repeated(std::vector<Reading>& readings) {
  for (size_t i = 0; i < readings.size(); ++i) {
    const auto rest = readings.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    readings.erase(std::remove(rest, readings.end(), readings[i]), readings.end());
  }
}

// One byte read by one reading: what it becomes.
class Step {
 public:
  Step(const JsonGrammar& grammar, char byte, std::vector<Reading>& out)
      : grammar_(grammar), byte_(byte), out_(out) {}

  // A value begins with this byte.
  void begin(JsonNodeId id, const Below& below) {
    const JsonNode& node = at(id);
    switch (node.kind) {
      case Kind::Object:
      case Kind::Map:
        if (byte_ == '{' && depth(below) < kDeepest) put({.node = id, .phase = kFirst}, below);
        return;
      case Kind::Array:
        if (byte_ == '[' && depth(below) < kDeepest) put({.node = id, .phase = kFirst}, below);
        return;
      case Kind::String:
        if (byte_ == '"') put({.node = id, .phase = kText}, below);
        return;
      case Kind::Number:
      case Kind::Integer:
        if (byte_ == '-' || is_digit(byte_))
          put({.node = id,
               .phase = byte_ == '-'   ? kMinus
                        : byte_ == '0' ? kZero
                                       : kDigits,
               .count = 1},
              below);
        return;
      case Kind::Literals:
        return literal({.node = id}, below);
      case Kind::Choice:
        for (const JsonNodeId each : node.alternatives) begin(each, below);
        return;
    }
  }

  void go_on(const Reading& reading) {
    if (reading.done) return;
    const Frame& top = reading.top;
    switch (at(top.node).kind) {
      case Kind::Object:
        return blank(reading) ? void() : object(top, reading.below);
      case Kind::Map:
        return blank(reading) ? void() : map(top, reading.below);
      case Kind::Array:
        return blank(reading) ? void() : array(top, reading.below);
      case Kind::String:
        return string(top, reading.below);
      case Kind::Number:
      case Kind::Integer:
        return number(top, reading.below);
      case Kind::Literals:
        return literal(top, reading.below);
      case Kind::Choice:
        return;  // never open: begin chose
    }
  }

 private:
  const JsonNode& at(JsonNodeId id) const { return grammar_.nodes[static_cast<size_t>(id)]; }
  static int32_t depth(const Below& below) { return below == nullptr ? 0 : below->depth; }

  void put(const Frame& top, const Below& below) {
    if (out_.size() < JsonMachine::kMostReadings) out_.push_back({top, below, false});
  }

  // The value is read to its end by this byte.
  void close(const Below& below) {
    if (below == nullptr) {
      out_.push_back({{}, nullptr, true});
    } else {
      put(below->frame, below->below);
    }
  }

  // The value ended before this byte.
  void close_before(const Below& below) {
    if (below != nullptr) go_on({below->frame, below->below, false});
  }

  // Begins the value that an open object or array waits for; `after` is how that goes on then.
  void begin_inner(JsonNodeId id, const Frame& after, const Below& below) {
    begin(id, std::make_shared<const Link>(Link{after, below, depth(below) + 1}));
  }

  // Between the parts of objects and arrays: a run of blanks, or one line's end and blanks. True:
  // it was one.
  bool blank(const Reading& reading) {
    if ((byte_ != ' ' && byte_ != '\n') ||
        (reading.top.phase == kKey && at(reading.top.node).kind == Kind::Object))
      return false;
    Frame top = reading.top;
    if (top.blanks >= kMostBlanks || (byte_ == '\n' && top.blanks > 0)) return true;
    ++top.blanks;
    put(top, reading.below);
    return true;
  }

  // The properties stand in the grammar's order; those that are not required may be left out.
  void object(Frame top, const Below& below) {
    const auto& properties = at(top.node).properties;
    const auto rest = std::span(properties).subspan(static_cast<size_t>(top.at));
    const bool may_end = std::ranges::none_of(rest, &JsonNode::Property::required);
    top.blanks = 0;
    switch (top.phase) {
      case kFirst:
      case kComma:
        if (byte_ == '}' && may_end) close(below);
        if (top.phase == kFirst && byte_ == '"' && !rest.empty())
          put({top.node, kKey, 0, top.at, 0}, below);
        if (top.phase == kComma && byte_ == ',' && !rest.empty())
          put({top.node, kNext, 0, top.at, 0}, below);
        return;
      case kNext:
        if (byte_ == '"') put({top.node, kKey, 0, top.at, 0}, below);
        return;
      case kKey:
        return key_byte(top, below);
      case kColon:
        if (byte_ == ':') put({top.node, kValue, 0, top.at, 0}, below);
        return;
      case kValue:
        return begin_inner(rest.front().value, {top.node, kComma, 0, top.at + 1, 0}, below);
    }
  }

  // `at` is the first property whose key begins with the `count` bytes that were read.
  void key_byte(Frame top, const Below& below) {
    const auto& properties = at(top.node).properties;
    const auto read = static_cast<size_t>(top.count);
    const std::string_view sofar =
        std::string_view(properties[static_cast<size_t>(top.at)].key).substr(0, read);
    for (auto i = static_cast<size_t>(top.at); i < properties.size(); ++i) {
      const std::string& candidate = properties[i].key;
      if (candidate.starts_with(sofar) && read < candidate.size() && candidate[read] == byte_) {
        top.at = static_cast<int32_t>(i);
        ++top.count;
        if (read + 1 == candidate.size()) top = {top.node, kColon, 0, top.at, 0};
        return put(top, below);
      }
      if (properties[i].required) return;  // it may not be passed over
    }
  }

  void map(Frame top, const Below& below) {
    top.blanks = 0;
    const Frame after_key{.node = top.node, .phase = kColon};
    switch (top.phase) {
      case kFirst:
      case kComma:
        if (byte_ == '}') close(below);
        if (top.phase == kComma && byte_ == ',') put({.node = top.node, .phase = kNext}, below);
        if (top.phase == kFirst && byte_ == '"') begin_inner(kAnyString, after_key, below);
        return;
      case kNext:
        return begin_inner(kAnyString, after_key, below);
      case kColon:
        if (byte_ == ':') put({.node = top.node, .phase = kValue}, below);
        return;
      case kValue:
        return begin_inner(at(top.node).inner, {.node = top.node, .phase = kComma}, below);
    }
  }

  void array(Frame top, const Below& below) {
    const JsonNode& node = at(top.node);
    top.blanks = 0;
    const bool may_end = top.count >= node.least;
    const bool may_go_on = top.count < node.most;
    const Frame after{.node = top.node, .phase = kComma, .count = top.count + 1};
    switch (top.phase) {
      case kFirst:
        if (byte_ == ']' && may_end)
          close(below);
        else if (may_go_on)
          begin_inner(node.inner, after, below);
        return;
      case kComma:
        if (byte_ == ']' && may_end) close(below);
        if (byte_ == ',' && may_go_on)
          put({.node = top.node, .phase = kNext, .count = top.count}, below);
        return;
      case kNext:
        return begin_inner(node.inner, after, below);
    }
  }

  void string(Frame top, const Below& below) {
    const JsonNode& node = at(top.node);
    const auto next = [&](uint8_t phase, int32_t missing = 0) {
      top.phase = phase;
      top.at = missing;
      if (phase == kText) ++top.count;
      put(top, below);
    };
    switch (top.phase) {
      case kText:
        if (byte_ == '"') return top.count >= node.least ? close(below) : void();
        if (top.count >= node.most) return;
        if (byte_ == '\\') return next(kEscape);
        return character(next);
      case kEscape:
        if (byte_ == 'u') return next(kHex0);
        if (std::string_view("\"\\/bfnrt").find(byte_) != std::string_view::npos) next(kText);
        return;
      case kHex0:  // `at`: the digit was D, where surrogates are
        if (is_hex(byte_)) next(kHex1, byte_ == 'd' || byte_ == 'D' ? 1 : 0);
        return;
      case kHex1:  // half a pair is no character; characters beyond U+FFFF come as they are
        if (is_hex(byte_) && (top.at == 0 || (byte_ >= '0' && byte_ <= '7'))) next(kHex2);
        return;
      case kHex2:
        if (is_hex(byte_)) next(kHex3);
        return;
      case kHex3:
        if (is_hex(byte_)) next(kText);
        return;
      case kPartial:
        return partial(top, next);
    }
  }

  // The first byte of a character. `at` holds the bytes that are missing and, of the next one, its
  // bounds.
  template <typename Next>
  void character(const Next& next) {
    const auto byte = static_cast<unsigned char>(byte_);
    const auto wait = [&](int32_t missing, int32_t least, int32_t most) {
      next(kPartial, missing << 16 | least << 8 | most);
    };
    if (byte < 0x20) return;
    if (byte < 0x80) return next(kText, 0);
    if (byte >= 0xC2 && byte <= 0xDF) return wait(1, 0x80, 0xBF);
    if (byte == 0xE0) return wait(2, 0xA0, 0xBF);
    if (byte == 0xED) return wait(2, 0x80, 0x9F);
    if (byte >= 0xE1 && byte <= 0xEF) return wait(2, 0x80, 0xBF);
    if (byte == 0xF0) return wait(3, 0x90, 0xBF);
    if (byte >= 0xF1 && byte <= 0xF3) return wait(3, 0x80, 0xBF);
    if (byte == 0xF4) return wait(3, 0x80, 0x8F);
  }

  template <typename Next>
  void partial(const Frame& top, const Next& next) {
    const auto byte = static_cast<unsigned char>(byte_);
    const int32_t missing = top.at >> 16;
    if (byte < (top.at >> 8 & 0xFF) || byte > (top.at & 0xFF)) return;
    if (missing == 1)
      next(kText, 0);
    else
      next(kPartial, (missing - 1) << 16 | 0x80 << 8 | 0xBF);
  }

  void number(Frame top, const Below& below) {
    const auto next = [&](uint8_t phase, int64_t most) {
      top.count = phase == top.phase ? top.count + 1 : 1;
      top.phase = phase;
      if (top.count <= most) put(top, below);
    };
    const bool is_whole = at(top.node).kind == Kind::Integer;
    const uint8_t phase = top.phase;
    if (is_digit(byte_)) {
      if (phase == kMinus) return next(byte_ == '0' ? kZero : kDigits, kMostDigits);
      if (phase == kDigits) return next(kDigits, kMostDigits);
      if (phase == kDot || phase == kFraction) return next(kFraction, kMostDigits);
      if (phase == kE || phase == kSign || phase == kExponent)
        return next(kExponent, kMostExponent);
      return;  // a digit after a leading zero
    }
    if (!is_whole) {
      if (byte_ == '.' && (phase == kZero || phase == kDigits)) return next(kDot, 1);
      if ((byte_ == 'e' || byte_ == 'E') &&
          (phase == kZero || phase == kDigits || phase == kFraction))
        return next(kE, 1);
      if ((byte_ == '-' || byte_ == '+') && phase == kE) return next(kSign, 1);
    }
    if (number_may_end(phase)) close_before(below);
  }

  // `at` is the first literal that begins with the `count` bytes that were read; they are sorted.
  void literal(Frame top, const Below& below) {
    const auto& literals = at(top.node).literals;
    const auto read = static_cast<size_t>(top.count);
    const std::string_view sofar =
        std::string_view(literals[static_cast<size_t>(top.at)]).substr(0, read);
    for (auto i = static_cast<size_t>(top.at);
         i < literals.size() && literals[i].starts_with(sofar); ++i) {
      const std::string& candidate = literals[i];
      if (read >= candidate.size() || candidate[read] != byte_) continue;
      top.at = static_cast<int32_t>(i);
      ++top.count;
      // Sorted: one that is longer would be next.
      const bool is_end = read + 1 == candidate.size() &&
                          (i + 1 == literals.size() || !literals[i + 1].starts_with(candidate));
      return is_end ? close(below) : put(top, below);
    }
    if (literals[static_cast<size_t>(top.at)].size() == read && read > 0) close_before(below);
  }

  const JsonGrammar& grammar_;
  const char byte_;
  std::vector<Reading>& out_;
};

}  // namespace

JsonMachine::JsonMachine(const JsonGrammar& grammar) : grammar_(&grammar) {}

bool JsonMachine::push(char byte) {
  std::vector<Reading> next;
  next.reserve(readings_.size() + 1);
  Step step(*grammar_, byte, next);
  if (!begun_) step.begin(grammar_->root, nullptr);
  for (const Reading& reading : readings_) step.go_on(reading);
  remove_repeated(next);
  begun_ = true;
  readings_ = std::move(next);
  return !readings_.empty();
}

bool JsonMachine::push(std::string_view bytes) {
  return std::ranges::all_of(bytes, [this](char byte) { return push(byte); });
}

bool JsonMachine::accepts() const {
  return std::ranges::any_of(readings_, [this](const Reading& reading) {
    if (reading.done) return true;
    if (reading.below != nullptr) return false;
    const JsonNode& node = grammar_->nodes[static_cast<size_t>(reading.top.node)];
    if (node.kind == Kind::Number || node.kind == Kind::Integer)
      return number_may_end(reading.top.phase);
    return node.kind == Kind::Literals &&
           node.literals[static_cast<size_t>(reading.top.at)].size() ==
               static_cast<size_t>(reading.top.count);
  });
}

bool JsonMachine::is_in_string(int64_t room) const {
  if (readings_.size() != 1 || readings_.front().done) return false;
  const Frame& top = readings_.front().top;
  const JsonNode& node = grammar_->nodes[static_cast<size_t>(top.node)];
  return node.kind == Kind::String && top.phase == kText && node.most - top.count >= room;
}

}  // namespace jet
