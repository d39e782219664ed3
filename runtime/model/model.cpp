// jet::Model over a LoadedModel.
#include <algorithm>

#include <jet/model.h>

#include "core/error.h"
#include "io/in_file.h"
#include "models/checkpoint.h"
#include "runtime/model/fingerprint.h"
#include "runtime/model/loaded_model.h"
#include "text/chat_template.h"

namespace jet {
namespace {

std::string token_text(const Tokenizer& tokenizer, std::optional<int32_t> id) {
  return id && *id < tokenizer.vocabulary() ? std::string(tokenizer.bytes(*id)) : std::string();
}

}  // namespace

LoadedModel::LoadedModel(const Checkpoint& checkpoint, const ModelOptions& options)
    : LoadedModel(checkpoint, place(checkpoint, options)) {}

LoadedModel::LoadedModel(const Checkpoint& checkpoint, const Placement& placement)
    : path(checkpoint.path.string()),
      device(placement.device),
      no_device_reason(placement.reason),
      decoder(checkpoint.spec, checkpoint.source(), *placement.preparer),
      generation(checkpoint.generation),
      origin{fingerprint(checkpoint), placement.computing} {
  checkpoint.release_pages();
  if (checkpoint.tokenizer) {
    tokenizer = in_file(path, [&] { return Tokenizer(*checkpoint.tokenizer); });
    if (tokenizer->vocabulary() > checkpoint.spec.vocabulary) {
      fail("{}: the tokenizer has {} tokens, the model's vocabulary {}", path,
           tokenizer->vocabulary(), checkpoint.spec.vocabulary);
    }
  }
  if (!checkpoint.chat_template.empty()) {
    chat_template = in_file(
        path, [&] { return std::make_unique<const ChatTemplate>(checkpoint.chat_template); });
  }
}

LoadedModel::~LoadedModel() = default;

const Tokenizer& LoadedModel::text() const {
  if (!tokenizer) fail("{}: holds no tokenizer, so text cannot be read or written", path);
  return *tokenizer;
}

bool LoadedModel::ends(int32_t id) const {
  return std::ranges::find(generation.eos, id) != generation.eos.end();
}

Model Model::load(const std::string& path, const ModelOptions& options) {
  return Model(std::make_shared<const LoadedModel>(open_checkpoint(path), options));
}

std::string Model::device(std::string* reason) const {
  if (reason != nullptr) *reason = loaded_->no_device_reason;
  return loaded_->device ? std::string(loaded_->device->name()) : "cpu";
}

std::string Model::architecture() const { return loaded_->decoder.spec().family; }

int64_t Model::parameters() const { return parameter_count(loaded_->decoder.spec()); }

int64_t Model::vocabulary() const { return loaded_->decoder.spec().vocabulary; }

int64_t Model::trained_context() const { return loaded_->decoder.spec().max_positions; }

int64_t Model::weight_bytes() const { return loaded_->decoder.weight_bytes(); }

bool Model::has_tokenizer() const { return loaded_->tokenizer.has_value(); }

bool Model::has_chat_template() const { return loaded_->chat_template != nullptr; }

std::vector<int32_t> Model::encode(std::string_view text, bool special) const {
  return loaded_->text().encode(text, {.special = special});
}

std::vector<int32_t> Model::encode_prompt(std::string_view text) const {
  std::vector<int32_t> ids = encode(text);
  const TokenizerSpec& spec = loaded_->text().spec();
  if (spec.add_bos && spec.bos) ids.insert(ids.begin(), *spec.bos);
  return ids;
}

std::string Model::decode(std::span<const int32_t> ids, bool skip_special) const {
  return loaded_->text().decode(ids, skip_special);
}

bool Model::is_end(int32_t id) const { return loaded_->ends(id); }

std::string Model::chat_prompt(std::span<const ChatMessage> messages,
                               bool add_generation_prompt) const {
  const Tokenizer& tokenizer = loaded_->text();
  if (!loaded_->chat_template)
    fail("{}: has no chat template, so it cannot chat; use generate", loaded_->path);
  ChatTemplate::Input input;
  input.messages = Json::array();
  for (const ChatMessage& message : messages) {
    input.messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  input.add_generation_prompt = add_generation_prompt;
  input.bos_token = token_text(tokenizer, tokenizer.spec().bos);
  const auto& eos = tokenizer.spec().eos;
  input.eos_token = token_text(tokenizer, eos.empty() ? std::nullopt : std::optional(eos.front()));
  return in_file(loaded_->path, [&] { return loaded_->chat_template->render(input); });
}

}  // namespace jet
