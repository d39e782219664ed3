// Any text is a template or an Error; any template renders or is an Error.
#include "core/error.h"
#include "text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const jet::Json messages = jet::Json::parse(
      R"([{"role":"system","content":"Be  brief.\n"},{"role":"user","content":[{"type":"text","text":"é<1>"}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":[1,2.5,true]}}}]}])");
  try {
    const jet::ChatTemplate chat(std::string(reinterpret_cast<const char*>(data), size));
    jet::ChatTemplate::Input input;
    input.messages = messages;
    input.tools = jet::Json::array({{{"name", "f"}, {"parameters", {{"type", "object"}}}}});
    input.bos_token = "<s>";
    chat.render(input);
  } catch (const jet::Error&) {
  }
  return 0;
}
