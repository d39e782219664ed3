// What stands behind a jet::Model: the decoder, the tokenizer, the chat template.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <jet/model.h>

#include "models/checkpoint.h"
#include "models/decoder.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace jet {

struct LoadedModel {
  // Throws Error on a type that the CPU does not compute in.
  LoadedModel(const Checkpoint& checkpoint, const ModelOptions& options);

  // Throws Error where the model's files hold no tokenizer.
  const Tokenizer& text() const;
  bool ends(int32_t id) const;

  std::string path;
  Decoder decoder;
  std::optional<Tokenizer> tokenizer;
  std::optional<ChatTemplate> chat_template;
  GenerationConfig generation;
};

}  // namespace jet
