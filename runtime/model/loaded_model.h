// What stands behind a jet::Model: the decoder, the tokenizer, the chat template.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <jet/model.h>

#include "models/decoder.h"
#include "models/generation_config.h"
#include "runtime/model/placement.h"
#include "runtime/state/state_origin.h"
#include "text/tokenizer.h"

namespace jet {

class ChatTemplate;
struct Checkpoint;

struct LoadedModel {
  // Throws Error as Model::load does.
  LoadedModel(const Checkpoint& checkpoint, const ModelOptions& options);
  ~LoadedModel();

  // Throws Error where the model's files hold no tokenizer.
  const Tokenizer& text() const;
  bool ends(int32_t id) const;

  std::string path;
  std::shared_ptr<Device> device;  // null: the CPU
  std::string no_device_reason;
  Decoder decoder;
  std::optional<Tokenizer> tokenizer;
  std::unique_ptr<const ChatTemplate> chat_template;  // null: the model has none
  GenerationConfig generation;
  StateOrigin origin;  // of states that it computes

 private:
  LoadedModel(const Checkpoint& checkpoint, const Placement& placement);
};

}  // namespace jet
