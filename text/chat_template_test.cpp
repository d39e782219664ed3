// ChatTemplate: the variables a template gets, and where errors point.
#include "text/chat_template.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace jet {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

ChatTemplate::Input one_message() {
  ChatTemplate::Input input;
  input.messages = Json::parse(R"([{"role": "user", "content": "Hi"}])");
  return input;
}

TEST(ChatTemplate, RendersMessagesAndThePrompt) {
  const ChatTemplate chat(
      "{% for m in messages %}\n<{{ m.role }}>{{ m['content'] }}\n{% endfor %}\n"
      "{% if add_generation_prompt %}<assistant>{% endif %}");
  ChatTemplate::Input input = one_message();
  EXPECT_EQ(chat.render(input), "<user>Hi\n<assistant>");
  input.add_generation_prompt = false;
  EXPECT_EQ(chat.render(input), "<user>Hi\n");
}

TEST(ChatTemplate, KeepsItsSource) {
  const std::string source = "a\r\nb\n";
  ChatTemplate chat(source);
  EXPECT_EQ(chat.source(), source);
  ChatTemplate moved = std::move(chat);
  EXPECT_EQ(moved.source(), source);
  EXPECT_EQ(moved.render(one_message()), "a\nb");
}

TEST(ChatTemplate, GivesTheTokensThatAreSet) {
  const ChatTemplate chat("{{ bos_token }}|{{ eos_token is defined }}");
  ChatTemplate::Input input = one_message();
  EXPECT_EQ(chat.render(input), "|False");
  input.bos_token = "<s>";
  input.eos_token = "</s>";
  EXPECT_EQ(chat.render(input), "<s>|True");
}

TEST(ChatTemplate, ToolsAndDocumentsAreNoneUnlessGiven) {
  const ChatTemplate chat("{{ tools is none }} {{ documents is none }} {{ tools|tojson }}");
  ChatTemplate::Input input = one_message();
  EXPECT_EQ(chat.render(input), "True True null");
  input.tools = Json::parse(R"([{"name": "f", "x": 1.0}])");
  input.extra = Json::parse(R"({"documents": []})");
  EXPECT_EQ(chat.render(input), R"(False False [{"name": "f", "x": 1.0}])");
}

TEST(ChatTemplate, ExtraVariablesReplaceNoneOfItsOwn) {
  const ChatTemplate chat("{{ enable_thinking }}");
  ChatTemplate::Input input = one_message();
  input.extra = Json::parse(R"({"enable_thinking": false})");
  EXPECT_EQ(chat.render(input), "False");
  for (const char* name :
       {"messages", "tools", "add_generation_prompt", "bos_token", "eos_token"}) {
    input.extra = Json::object({{name, nullptr}});
    EXPECT_THAT([&] { chat.render(input); },
                ThrowsMessage<Error>(HasSubstr(std::string("'") + name + "'")))
        << name;
  }
}

TEST(ChatTemplate, TheClockCanBeFixed) {
  const ChatTemplate chat("{{ strftime_now('%A %d %B %Y %H:%M:%S %j') }}");
  ChatTemplate::Input input = one_message();
  input.extra = Json::parse(R"({"strftime_now": "2024-02-29T23:59:58"})");
  EXPECT_EQ(chat.render(input), "Thursday 29 February 2024 23:59:58 060");
  input.extra = Json::parse(R"({"strftime_now": "2000-01-01"})");
  EXPECT_EQ(chat.render(input), "Saturday 01 January 2000 00:00:00 001");
  for (const char* bad : {"", "now", "2023-02-29", "2024-13-01", "2024-1-1", "2024-01-01T24:00:00",
                          "2024-01-01T1:00"}) {
    input.extra = Json::object({{"strftime_now", bad}});
    EXPECT_THAT([&] { chat.render(input); }, ThrowsMessage<Error>(HasSubstr("must be a time")))
        << bad;
  }
  EXPECT_EQ(ChatTemplate("{{ strftime_now('%Y')|length }}").render(one_message()), "4");
}

// Clients call it reasoning_content, thinking or reasoning.
TEST(ChatTemplate, ReasoningIsFoundUnderItsUsualNames) {
  const ChatTemplate chat("{{ messages[0].reasoning_content }} {{ messages[0].thinking }}");
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    ChatTemplate::Input input = one_message();
    input.messages[0][name] = "so";
    EXPECT_EQ(chat.render(input), "so so") << name;
  }
}

TEST(ChatTemplate, RefusesInputThatIsNoConversation) {
  const ChatTemplate chat("{{ messages }}");
  const auto expect = [&](const Json& messages, const Json& tools, const std::string& words) {
    ChatTemplate::Input input;
    input.messages = messages;
    input.tools = tools;
    EXPECT_THAT([&] { chat.render(input); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect(nullptr, nullptr, "messages must be an array, not null");
  expect(Json::object(), nullptr, "messages must be an array, not object");
  expect(Json::array({"x"}), nullptr, "messages[0] must be an object, not string");
  expect(Json::array(), "x", "tools must be an array or null, not string");
  expect(Json::array(), Json::array({1}), "tools[0] must be an object, not number");
  expect(Json::array({{{"content", "caf\xe9"}}}), nullptr,
         "messages[0].content: byte 3 is not UTF-8");
  expect(Json::array({{{"n", 18446744073709551615ULL}}}), nullptr,
         "messages[0].n: 18446744073709551615 does not fit");
  Json deep = 1;
  for (int i = 0; i < 200; ++i) deep = Json::array({deep});
  expect(Json::array({{{"deep", deep}}}), nullptr, "nested deeper than 100");
}

struct Place {
  std::string source;
  std::string message;
};

TEST(ChatTemplate, ErrorsNameThePlace) {
  const Place cases[] = {
      {"a\n{{ 1 +\n }}", "chat template: line 3, column 2: expected an expression, not '}}'"},
      {"{{ x.y }}", "chat template: line 1, column 5: 'x' is undefined"},
      {"{{ messages[0].x.y }}", "chat template: line 1, column 17: 'dict' has no attribute 'x'"},
      {"é世{{ 'a' + 1 }}",
       "chat template: line 1, column 10: '+' does not work on 'str' and 'int'"},
      {"\r\n\r\n{% if 1 %}",
       "chat template: line 3, column 11: the template ends where 'endif' is missing"},
      {"{% if 1 %}{% endfor %}",
       "chat template: line 1, column 14: unexpected 'endfor', expected 'endif'"},
      {"\n  {% zork %}",
       "chat template: line 2, column 6: tag 'zork' is not known or not supported"},
      {"{{ 1|zork }}",
       "chat template: line 1, column 6: filter 'zork' is not known or not supported"},
      {"{{ 1 is zork }}",
       "chat template: line 1, column 9: test 'zork' is not known or not supported"},
      {"{{ 'x }}", "chat template: line 1, column 4: this string does not end"},
      {"{# x", "chat template: line 1, column 1: this comment does not end: no #}"},
      {"x {% raw %}",
       "chat template: line 1, column 3: this raw block does not end: no {% endraw %}"},
      {"{% set x = 1 %}\n{{ raise_exception('no ' ~ x ~ '\n') }}",
       "chat template: line 2, column 19: no 1\\n"},
      {"{% macro m() %}\n{{ 1/0 }}{% endmacro %}\n\n{{ m() }}",
       "chat template: line 2, column 5: division by zero"},
      {"{{ (1 }}", "chat template: line 1, column 7: unexpected '}', expected ')'"},
      {"{% for a, b in [1] %}{% endfor %}",
       "chat template: line 1, column 8: 'int' cannot be iterated"},
      {"{{ messages[0].content.upper }}",
       "chat template: line 1, column 23: the function upper() cannot be printed: a call is "
       "missing"},
  };
  for (const Place& place : cases) {
    EXPECT_THAT([&] { ChatTemplate(place.source).render(one_message()); },
                ThrowsMessage<Error>(StrEq(place.message)));
  }
}

}  // namespace
}  // namespace jet
