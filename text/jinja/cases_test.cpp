// Renderings kept from transformers: text/testdata, made by tools/make_jinja_cases.py.
#include <fstream>
#include <iterator>
#include <optional>

#include <gtest/gtest.h>

#include "core/error.h"
#include "text/chat_template.h"

namespace jet {
namespace {

const std::string kData = JET_SOURCE_DIR "/text/testdata/";

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Nothing where it fails; `problem` says why.
std::optional<std::string> render(const std::string& source, const ChatTemplate::Input& input,
                                  std::string& problem) {
  try {
    return ChatTemplate(source).render(input);
  } catch (const Error& error) {
    problem = error.what();
    return std::nullopt;
  }
}

void expect_case(const std::string& source, const ChatTemplate::Input& input,
                 const Json& expected) {
  std::string problem;
  const std::optional<std::string> output = render(source, input, problem);
  if (expected.contains("error")) {
    EXPECT_FALSE(output) << "rendered: " << *output << "\ntransformers: " << expected["error"];
    EXPECT_TRUE(problem.starts_with("chat template: line ")) << problem;
    EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
  } else {
    ASSERT_TRUE(output) << problem;
    EXPECT_EQ(*output, expected["output"].get<std::string>());
  }
}

TEST(JinjaCases, RenderAsTransformersDoes) {
  const Json data = parse_json(read(kData + "jinja_cases.json"), "jinja_cases.json");
  ChatTemplate::Input input;
  input.messages = data["messages"];
  input.extra = data["variables"];
  input.extra["strftime_now"] = data["clock"];
  ASSERT_GT(data["cases"].size(), 900U);
  for (const Json& expected : data["cases"]) {
    SCOPED_TRACE(expected["template"].dump());
    expect_case(expected["template"], input, expected);
  }
}

// Conversations with and without tools, calls, reasoning and parts, through templates in the style
// of the usual families.
TEST(JinjaChats, RenderAsTransformersDoes) {
  const Json data = parse_json(read(kData + "jinja_chats.json"), "jinja_chats.json");
  ASSERT_GT(data["cases"].size(), 250U);
  size_t skipped = 0;
  for (const Json& expected : data["cases"]) {
    const auto name = expected["template"].get<std::string>();
    const std::string folder =
        expected.contains("shared") ? JET_SOURCE_DIR "/../shared/" : kData + "chat/";
    const std::string path = folder + name;
    if (expected.contains("shared") && !std::ifstream(path)) {
      ++skipped;
      continue;
    }
    SCOPED_TRACE(expected.dump().substr(0, 120));
    const Json& conversation = data["conversations"][expected["conversation"].get<std::string>()];
    ChatTemplate::Input input;
    for (const auto& [key, value] : conversation.items()) {
      if (key == "messages") {
        input.messages = value;
      } else if (key == "tools") {
        input.tools = value;
      } else {
        input.extra[key] = value;
      }
    }
    input.add_generation_prompt = expected["prompt"];
    input.bos_token = data["variables"]["bos_token"];
    input.eos_token = data["variables"]["eos_token"];
    input.extra["strftime_now"] = data["clock"];
    expect_case(read(path), input, expected);
  }
  if (skipped > 0)
    GTEST_SKIP() << skipped << " cases need templates of ../shared, which is not there";
}

}  // namespace
}  // namespace jet
