#include "serve/api/saved_conversations.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "serve/api/error.h"

namespace jet::serve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".state";

Json conversation_json(const std::string& id, const ServedModel& served, size_t tokens,
                       const fs::path& file) {
  return {{"id", id},
          {"object", "conversation"},
          {"model", served.name},
          {"tokens", tokens},
          {"bytes", fs::file_size(file)}};
}

[[noreturn]] void fail_stopping() {
  throw ApiError(503, "the server is shutting down", {}, "draining");
}

}  // namespace

SavedConversations::SavedConversations(const std::string& directory) : directory_(directory) {
  if (!directory.empty() && !directory_exists(directory_))
    fail("{}: is no directory; make it, for conversations to be saved there", directory);
}

void SavedConversations::check_directory() const {
  if (directory_.empty())
    throw ApiError(404,
                   "this server saves no conversations: it was started without "
                   "--state-directory",
                   {}, "no_state_directory");
}

fs::path SavedConversations::file_of(const std::string& id) const {
  check_directory();
  if (!is_conversation_id(id))
    throw ApiError(400, "a conversation's id is 1 to 64 of A-Z, a-z, 0-9, - and _", "id");
  return directory_ / (id + kSuffix);
}

// Where the files lie is no client's business.
std::string SavedConversations::without_directory(const std::string& message) const {
  const std::string prefix = (directory_ / "").string();
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

Json SavedConversations::list() const {
  check_directory();
  Json data = Json::array();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (entry.path().extension() == kSuffix && is_conversation_id(entry.path().stem().string()))
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    std::error_code gone;  // someone may take it away meanwhile
    const auto bytes = fs::file_size(file, gone);
    if (gone) continue;
    data.push_back({{"id", file.stem().string()}, {"object", "conversation"}, {"bytes", bytes}});
  }
  return {{"object", "list"}, {"data", std::move(data)}};
}

Json SavedConversations::save(const std::string& id, ServedModel& served) const {
  const fs::path file = file_of(id);
  const auto place = served.conversations.find(id);
  if (!place)
    throw ApiError(404,
                   fmt::format("no answer of a conversation \"{}\" is remembered; requests name "
                               "theirs in the header X-Conversation",
                               id),
                   "id", "conversation_not_found");
  std::optional<SavedState> state;
  if (!served.host->with_engine([&](Engine& engine) {
        state = engine.save_snapshot(place->tokens, place->salt, place->salt);
      }))
    fail_stopping();
  if (!state)
    throw ApiError(409,
                   "the conversation's state has given way to others; ask once more, then "
                   "save",
                   "id", "state_not_kept");
  try {
    state->write(file.string());
  } catch (const Error& error) {
    throw ApiError(507, without_directory(error.what()), {}, "state_not_written");
  }
  return conversation_json(id, served, state->ids().size(), file);
}

Json SavedConversations::restore(const std::string& id, ServedModel& served) const {
  const fs::path file = file_of(id);
  if (!file_exists(file))
    throw ApiError(404, fmt::format("no conversation \"{}\" is saved", id), "id",
                   "conversation_not_found");
  std::optional<SavedState> state;
  try {
    state = SavedState::read(file.string());
    if (!served.host->with_engine(
            [&](Engine& engine) { engine.load_snapshot(*state, state->note()); }))
      fail_stopping();
  } catch (const Error& error) {
    throw ApiError(409, without_directory(error.what()), "id", "state_refused");
  }
  served.conversations.note(id, {state->ids(), state->note()});
  return conversation_json(id, served, state->ids().size(), file);
}

Json SavedConversations::remove(const std::string& id) const {
  const fs::path file = file_of(id);
  std::error_code error;
  if (!fs::remove(file, error)) {
    if (error) throw ApiError(500, fmt::format("{}: {}", id, error.message()));
    throw ApiError(404, fmt::format("no conversation \"{}\" is saved", id), "id",
                   "conversation_not_found");
  }
  return {{"id", id}, {"object", "conversation"}, {"deleted", true}};
}

}  // namespace jet::serve
