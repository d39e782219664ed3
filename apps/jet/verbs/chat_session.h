// A dialogue over one conversation of the engine: each turn computes only what its state has not
// consumed.
#pragma once

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

  // A request's prompt and conversation for the user's message. Where it throws, the message was
  // never said.
  Request begin_turn(const std::string& message);
  // Takes the message back, where the engine refused the request.
  void drop_turn() { messages_.pop_back(); }
  // Also after an answer, or even a prompt, that was cut short: what the state has not consumed
  // comes first in the next turn. After one that failed the message is taken back, and what was
  // said before is computed anew.
  void end_turn(const Output& output);

  // The whole dialogue and its state, in a file and out of it; load() takes the place of what was
  // said. Throw Error naming the file.
  void save(const std::string& path) const;
  void load(const std::string& path);
  void reset();  // forgets all but the system message

  bool was_rebuilt() const { return was_rebuilt_; }  // by the last begin_turn
  int64_t tokens() const { return engine_.conversation_tokens(conversation_); }
  int64_t turns() const;

 private:
  void reopen();
  Request ask();  // what the last message asks of the engine

  Engine& engine_;
  std::string system_;
  std::vector<ChatMessage> messages_;
  std::string rendered_;  // with the last message, ready for the answer
  std::string before_;    // rendered_ and the answer: what the state and `pending_` have consumed
  std::vector<int32_t> pending_;  // what of before_ the state has not consumed
  std::vector<int32_t> asked_;    // the running turn's prompt
  int64_t consumed_ = 0;          // by the state, before the running turn
  ConversationId conversation_ = 0;
  bool was_rebuilt_ = false;
};

}  // namespace jet::cli
