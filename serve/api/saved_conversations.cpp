#include "serve/api/saved_conversations.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "runtime/state/state_file.h"
#include "serve/api/error.h"

namespace jet::serve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".state";

Json conversation_json(const std::string& id, const ServedModel& served, size_t tokens,
                       const fs::path& file) {
  std::error_code gone;  // someone may take it away meanwhile
  const auto bytes = fs::file_size(file, gone);
  return {{"id", id},
          {"object", "conversation"},
          {"model", served.name},
          {"tokens", tokens},
          {"bytes", gone ? 0 : bytes}};
}

// A file that another model saved under the same id is not replaced; one that nobody can read is.
void check_owner(const std::string& id, const fs::path& file, const SavedState& state) {
  std::optional<SavedState> older;
  try {
    if (!file_exists(file)) return;
    older = SavedState::read(file.string());
  } catch (const Error&) {
    return;  // damaged: nothing is lost
  }
  const auto& metadata = older->file().metadata;
  const auto owner = metadata.find("model");
  if (owner != metadata.end() && owner->second != state.file().metadata.at("model"))
    throw ApiError(
        409,
        fmt::format("a conversation \"{}\" of another model is saved; delete it first, or "
                    "take another id",
                    id),
        "id", "saved_by_another_model");
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
  std::error_code problem;
  fs::directory_iterator entries(directory_, problem);
  for (; !problem && entries != fs::directory_iterator(); entries.increment(problem)) {
    const fs::directory_entry& entry = *entries;
    if (entry.path().extension() == kSuffix && is_conversation_id(entry.path().stem().string()))
      files.push_back(entry.path());
  }
  if (problem)
    throw ApiError(500, "the directory of states cannot be read: " + problem.message(), {},
                   "state_directory_unreadable");
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
  // The last token of an answer is chosen, not consumed; a shorter state is an older turn's, or
  // another conversation's that begins alike.
  if (!state || state->ids().size() + 1 < place->tokens.size())
    throw ApiError(409,
                   "the conversation's state has given way to others, or is larger than "
                   "--reuse-memory; ask once more, then save",
                   "id", "state_not_kept");
  check_owner(id, file, *state);
  try {
    state->write(file.string());
  } catch (const Error& error) {
    throw ApiError(507, without_directory(error.what()), {}, "state_not_written");
  }
  return conversation_json(id, served, state->ids().size(), file);
}

Json SavedConversations::restore(const std::string& id, ServedModel& served) const {
  const fs::path file = file_of(id);
  std::optional<SavedState> state;
  try {
    if (!file_exists(file))
      throw ApiError(404, fmt::format("no conversation \"{}\" is saved", id), "id",
                     "conversation_not_found");
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
  const bool is_file = fs::is_regular_file(fs::symlink_status(file, error));
  if (!is_file || !fs::remove(file, error)) {
    if (is_file && error) throw ApiError(500, fmt::format("{}: {}", id, error.message()));
    throw ApiError(404, fmt::format("no conversation \"{}\" is saved", id), "id",
                   "conversation_not_found");
  }
  return {{"id", id}, {"object", "conversation"}, {"deleted", true}};
}

}  // namespace jet::serve
