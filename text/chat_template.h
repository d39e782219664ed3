// Chat templates: the subset of Jinja that models' templates use, rendered as transformers renders
// it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "io/json.h"

namespace jet {

// Immutable. The interpreter sees nothing but the values it is given: no files, no host objects, no
// attribute that reaches out; steps, nesting and output are capped.
class ChatTemplate {
 public:
  // Throws Error with line and column on a syntax that is not known.
  explicit ChatTemplate(std::string source);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  struct Input {
    Json messages;         // [{"role": ..., "content": ...}, ...]
    Json tools = nullptr;  // array, or null
    bool add_generation_prompt = true;
    std::string bos_token;
    std::string eos_token;
    Json extra = Json::object();  // further variables; they cannot replace those above
  };
  // Throws Error with line and column on what the template raises (raise_exception), an undefined
  // operation, or a cap.
  std::string render(const Input& input) const;
  const std::string& source() const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace jet
