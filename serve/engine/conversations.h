// Where the conversations stand that requests have named: the tokens after which each one's state
// is kept, so that it can be saved by its name.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jet::serve {

constexpr std::string_view kConversationHeader = "x-conversation";

// 1 to 64 of A-Z, a-z, 0-9, - and _: what can be a file's name anywhere. Only such conversations
// are remembered and saved.
bool is_conversation_id(std::string_view text);

// Safe to use from several threads. Forgets the least recently noted beyond 1,024 conversations or
// 4 million tokens.
class Conversations {
 public:
  struct Place {
    std::vector<int32_t> tokens;  // of the last prompt and its answer
    std::string salt;
  };

  void note(std::string_view id, Place place);
  std::optional<Place> find(std::string_view id) const;

 private:
  struct Known {
    std::string id;
    Place place;
  };

  mutable std::mutex mutex_;
  std::list<Known> known_;  // the least recently noted first
  size_t tokens_ = 0;       // of all
};

}  // namespace jet::serve
