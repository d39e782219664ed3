// Reads a JSON text of a grammar byte by byte, and knows at every place which bytes may follow.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "text/constraint/json_grammar.h"

namespace jet {

// A value: copying it forks the reading. Where a schema has alternatives, all that still fit are
// followed (at most kMostReadings; what would need more is refused as if it did not fit). Blank
// runs, numbers and nesting are bounded, so that a text cannot go on for ever without getting
// anywhere.
class JsonMachine {
 public:
  static constexpr size_t kMostReadings = 64;

  // The grammar must outlive the machine and its copies.
  explicit JsonMachine(const JsonGrammar& grammar);

  // False: no text of the grammar goes on so; the machine is then dead.
  bool push(char byte);
  bool push(std::string_view bytes);
  bool accepts() const;  // the text may end here
  // Inside a string, between two characters, with room for so many more: whether they stay within
  // the string does not depend on what is around it.
  bool is_in_string(int64_t room) const;

  // One open value; the states of a string, a number and so on are told apart by `phase`.
  struct Frame {
    JsonNodeId node = 0;
    uint8_t phase = 0;
    uint8_t blanks = 0;  // in the run of blanks before this byte
    int32_t at = 0;      // Object: the next property; Literals: the first that fits; String: bytes
                         // missing of a character
    int64_t count = 0;   // Array: items; String: characters; Object's key and Literals: bytes that
                         // fit; Number: digits
    bool operator==(const Frame&) const = default;
  };
  struct Link {
    Frame frame;
    std::shared_ptr<const Link> below;
    int32_t depth = 1;
  };
  struct Reading {
    Frame top;
    std::shared_ptr<const Link> below;
    bool done = false;  // the whole text is read
    bool operator==(const Reading&) const = default;
  };

 private:
  const JsonGrammar* grammar_;
  bool begun_ = false;
  std::vector<Reading> readings_;
};

}  // namespace jet
