// Which tokens may come next so that an answer is a JSON text of a grammar.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "text/constraint/json_machine.h"
#include "text/tokenizer.h"

namespace jet {

// A tokenizer's tokens in the order of their bytes. Made once for a tokenizer, which must outlive
// it.
class TokenTable {
 public:
  explicit TokenTable(const Tokenizer& tokenizer);

  std::string_view bytes(int32_t id) const { return tokenizer_.bytes(id); }
  int32_t vocabulary() const { return tokenizer_.vocabulary(); }
  // allowed[id] = 1 for each token that the machine can read whole; special tokens are never among
  // them.
  void mark(const JsonMachine& machine, std::span<uint8_t> allowed) const;

 private:
  struct Entry {
    int32_t id;
    uint32_t shared;  // bytes in common with the entry before
  };
  void walk(const JsonMachine& machine, std::span<const Entry> entries,
            std::span<uint8_t> allowed) const;

  const Tokenizer& tokenizer_;
  std::vector<Entry> all_;
  int64_t longest_ = 0;  // bytes of a token
  std::vector<uint8_t>
      stays_in_string_;  // by id: read between two characters of a string, it stays in that string
  std::vector<Entry> leaves_string_;  // the others, that can be read at all there
};

// The state of one answer.
class TokenConstraint {
 public:
  // `ends`: tokens that end an answer, allowed where the text may end.
  TokenConstraint(std::shared_ptr<const TokenTable> table,
                  std::shared_ptr<const JsonGrammar> grammar, std::vector<int32_t> ends);

  // `answer` is what was chosen so far and begins with what it was the last time. Forbids
  // (-infinity) what may not come next. Throws Error where nothing may. 0.1 to a few ms, by the
  // vocabulary.
  void apply(std::span<const int32_t> answer, std::span<float> scores);

 private:
  std::shared_ptr<const TokenTable> table_;
  std::shared_ptr<const JsonGrammar> grammar_;
  std::vector<int32_t> ends_;
  JsonMachine machine_;
  size_t read_ = 0;  // tokens of the answer
  std::vector<uint8_t> allowed_;
};

}  // namespace jet
