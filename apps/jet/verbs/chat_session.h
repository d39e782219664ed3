// A dialogue over one conversation of the engine: each turn computes only what its state has not
// consumed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jet/engine.h>

namespace jet::cli {

// What is fed each turn is the difference of two texts: the template's rendering with the new
// message, less the last turn's rendering and reply. It begins where the state stands, with the
// text that ends the assistant's turn. A template whose rendering does not begin so (one that
// changes earlier messages) begins a new conversation.
class ChatSession {
 public:
  // `engine` must outlive the session. An empty `system` is no message.
  ChatSession(Engine& engine, std::string system);
  ~ChatSession();
  ChatSession(const ChatSession&) = delete;
  ChatSession& operator=(const ChatSession&) = delete;

  // A request's prompt and conversation for the user's message.
  Request begin_turn(const std::string& message);
  void end_turn(const Output& output);
  void reset();  // forgets all but the system message

  bool was_rebuilt() const { return was_rebuilt_; }  // by the last begin_turn
  int64_t tokens() const { return engine_.conversation_tokens(conversation_); }
  int64_t turns() const;

 private:
  void reopen();

  Engine& engine_;
  std::string system_;
  std::vector<ChatMessage> messages_;
  std::string rendered_;  // with the last message, ready for the answer
  std::string before_;    // rendered_ and the answer: what the state and `pending_` have consumed
  std::optional<int32_t>
      pending_;  // the answer's last token where it is text: chosen, but not consumed
  ConversationId conversation_ = 0;
  bool was_rebuilt_ = false;
};

}  // namespace jet::cli
