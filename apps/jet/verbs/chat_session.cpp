#include "apps/jet/verbs/chat_session.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/json.h"

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
  pending_.clear();
}

Request ChatSession::begin_turn(const std::string& message) {
  messages_.push_back({"user", message});
  try {
    return ask();
  } catch (...) {
    drop_turn();
    throw;
  }
}

Request ChatSession::ask() {
  const Model& model = engine_.model();
  rendered_ = model.chat_prompt(messages_);
  was_rebuilt_ = !rendered_.starts_with(before_);
  if (was_rebuilt_) reopen();

  asked_ = pending_;
  const std::vector<int32_t> rest =
      model.encode(std::string_view(rendered_).substr(before_.size()));
  asked_.insert(asked_.end(), rest.begin(), rest.end());
  consumed_ = tokens();
  Request request;
  request.prompt = asked_;
  request.conversation = conversation_;
  return request;
}

void ChatSession::end_turn(const Output& output) {
  if (output.finish == FinishReason::Failed) {
    drop_turn();
    reopen();
    return;
  }
  messages_.push_back({"assistant", output.text});
  before_ = rendered_ + output.text;
  std::vector<int32_t> turn = asked_;
  turn.insert(turn.end(), output.ids.begin(), output.ids.end());
  // The engine never consumes the last token that it chose. An end token comes again with the
  // template's text.
  if (!output.ids.empty() && engine_.model().is_end(output.ids.back())) turn.pop_back();
  const int64_t kept = std::min(tokens() - consumed_, static_cast<int64_t>(turn.size()));
  pending_.assign(turn.begin() + kept, turn.end());
}

void ChatSession::save(const std::string& path) const {
  Json messages = Json::array();
  for (const ChatMessage& message : messages_)
    messages.push_back({{"role", message.role}, {"content", message.content}});
  const Json note{{"messages", messages}, {"text", before_}, {"pending", pending_}};
  engine_.save_conversation(conversation_, path,
                            note.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void ChatSession::load(const std::string& path) {
  std::string note;
  const ConversationId loaded = engine_.load_conversation(path, &note);
  const auto read = [&] {
    const Json json = parse_json(note, path);
    std::vector<ChatMessage> messages;
    for (const Json& message : json.at("messages"))
      messages.push_back({message.at("role"), message.at("content")});
    before_ = json.at("text");
    pending_ = json.at("pending").get<std::vector<int32_t>>();
    messages_ = std::move(messages);
  };
  try {
    read();
  } catch (const Json::exception&) {
    engine_.close_conversation(loaded);
    fail("{}: holds a conversation that jet chat did not save", path);
  }
  engine_.close_conversation(conversation_);
  conversation_ = loaded;
}

int64_t ChatSession::turns() const {
  return std::ranges::count(messages_, "user", &ChatMessage::role);
}

}  // namespace jet::cli
