// Calls in a model's text: the same however the text is cut into pieces.
#include "serve/api/tool_calls.h"

#include <random>

#include <gtest/gtest.h>

namespace jet::serve {
namespace {

// "content|name(arguments)name(arguments)": all that the reader found.
std::string read(const std::vector<std::string>& pieces) {
  ToolCallReader reader;
  std::string content;
  std::string calls;
  const auto add = [&](const ToolText& text) {
    content += text.content;
    for (const ToolCall& call : text.calls) calls += call.name + "(" + call.arguments + ")";
  };
  for (const std::string& piece : pieces) add(reader.push(piece));
  add(reader.finish());
  EXPECT_EQ(reader.has_calls(), !calls.empty());
  return content + "|" + calls;
}

struct Case {
  const char* text;
  const char* found;
};

constexpr Case kCases[] = {
    {"", "|"},
    {"Hello.\n", "Hello.\n|"},
    {R"(<tool_call>
{"name": "add", "arguments": {"b": 1, "a": [2]}}
</tool_call>)",
     R"(|add({"b":1,"a":[2]}))"},
    {"Let me see.\n\n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n<tool_call>\n"
     "{\"name\":\"g\"}\n</tool_call>\n",
     "Let me see.|f({})g({})"},
    {"<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": 1}}", R"(|f({"x":1}))"},
    {"<tool_call>{\"name\": \"f\", \"argu", "<tool_call>{\"name\": \"f\", \"argu|"},
    {"a <tool_call>no JSON</tool_call> b", "a <tool_call>no JSON</tool_call> b|"},
    {"<tool_call>{\"name\": 5}</tool_call>", "<tool_call>{\"name\": 5}</tool_call>|"},
    {"<tool_call>{\"name\": \"f\", \"arguments\": \"{}\"}</tool_call>",
     "<tool_call>{\"name\": \"f\", \"arguments\": \"{}\"}</tool_call>|"},
    {"1 < 2 <tool <tool_cal", "1 < 2 <tool <tool_cal|"},
    {"<tool_call>{\"name\":\"f\",\"arguments\":{\"s\":\"</tool\"}}</tool_call>",
     R"(|f({"s":"</tool"}))"},
};

TEST(ToolCallReader, FindsCallsAndText) {
  for (const auto& [text, found] : kCases) EXPECT_EQ(read({text}), found);
}

TEST(ToolCallReader, FindsTheSameInPieces) {
  std::mt19937 random(1);
  for (const auto& [text, found] : kCases) {
    std::vector<std::string> bytes;
    for (const char byte : std::string_view(text)) bytes.emplace_back(1, byte);
    EXPECT_EQ(read(bytes), found);
    for (int i = 0; i < 20; ++i) {
      std::vector<std::string> pieces{""};
      for (const std::string& byte : bytes) {
        if (random() % 5 == 0) pieces.emplace_back();
        pieces.back() += byte;
      }
      EXPECT_EQ(read(pieces), found);
    }
  }
}

TEST(ToolCallReader, LetsTextGoAsSoonAsItIsNoTag) {
  ToolCallReader reader;
  EXPECT_EQ(reader.push("Yes ").content, "Yes");
  EXPECT_EQ(reader.push("<tool").content, "");
  EXPECT_EQ(reader.push("box>").content, " <toolbox>");
}

}  // namespace
}  // namespace jet::serve
