#include "apps/jet/verbs/chat_session.h"

#include <algorithm>

namespace jet::cli {

ChatSession::ChatSession(Engine& engine, std::string system)
    : engine_(engine), system_(std::move(system)), conversation_(engine.open_conversation()) {
  reset();
}

ChatSession::~ChatSession() {
  try {
    engine_.close_conversation(conversation_);
  } catch (const Error&) {  // a request was not finished: the engine goes with it
  }
}

void ChatSession::reset() {
  messages_.clear();
  if (!system_.empty()) messages_.push_back({"system", system_});
  reopen();
}

void ChatSession::reopen() {
  engine_.close_conversation(conversation_);
  conversation_ = engine_.open_conversation();
  before_.clear();
  pending_.reset();
}

Request ChatSession::begin_turn(const std::string& message) {
  const Model& model = engine_.model();
  messages_.push_back({"user", message});
  rendered_ = model.chat_prompt(messages_);
  was_rebuilt_ = !rendered_.starts_with(before_);
  if (was_rebuilt_) reopen();

  Request request;
  request.conversation = conversation_;
  if (pending_) request.prompt.push_back(*pending_);
  const std::vector<int32_t> rest =
      model.encode(std::string_view(rendered_).substr(before_.size()));
  request.prompt.insert(request.prompt.end(), rest.begin(), rest.end());
  return request;
}

void ChatSession::end_turn(const Output& output) {
  messages_.push_back({"assistant", output.text});
  before_ = rendered_ + output.text;
  pending_.reset();
  // The engine never consumes the last token that it chose. An end token comes again with the
  // template's text.
  const bool is_open = !output.ids.empty() && !engine_.model().is_end(output.ids.back());
  if (is_open) pending_ = output.ids.back();
}

int64_t ChatSession::turns() const {
  return std::ranges::count(messages_, "user", &ChatMessage::role);
}

}  // namespace jet::cli
