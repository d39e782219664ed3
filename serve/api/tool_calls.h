// Finds the calls of functions in what a model writes, as it comes: text, and in it
// <tool_call>{"name": ..., "arguments": {...}}</tool_call>, the form of Qwen2.5's template.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jet::serve {

struct ToolCall {
  std::string name;
  std::string arguments;  // a JSON object, as text
};

// What has become certain: the text before the calls, then the calls.
struct ToolText {
  std::string content;
  std::vector<ToolCall> calls = {};
};

// Blanks around calls are dropped. What stands between the tags and is no call is text, its tags
// included. Linear in what is pushed.
class ToolCallReader {
 public:
  ToolText push(std::string_view text);
  // The end, once: what was held back. A call needs no closing tag there, since models may stop
  // early.
  ToolText finish();
  bool has_calls() const { return has_calls_; }

 private:
  void add_content(ToolText& out, std::string_view text);
  void end_call(ToolText& out, std::string_view inside, std::string_view closing);

  std::string held_;  // not yet certain: what may begin a tag, or the inside of a call
  std::string blanks_;
  size_t searched_ = 0;  // bytes of held_ in which the next tag does not begin
  bool inside_ = false;
  bool has_calls_ = false;
};

}  // namespace jet::serve
