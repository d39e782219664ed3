// Conversations on disk: ID.state files in one directory, saved from and restored into engines.
#pragma once

#include <filesystem>
#include <string>

#include "io/json.h"
#include "serve/api/served_model.h"

namespace jet::serve {

// One thread at a time.
class SavedConversations {
 public:
  // "": none are saved, and every call throws ApiError 404. Throws Error where it is no directory.
  explicit SavedConversations(const std::string& directory);

  // What the files are: {"object": "list", "data": [...]}, by id.
  Json list() const;
  // The state after the conversation's last answer; files appear whole. Throws ApiError 404 where
  // no answer of it is remembered, 409 where its state is not kept any more, 507 where it cannot be
  // written.
  Json save(const std::string& id, ServedModel& served) const;
  // Into the states that requests go on from. Throws ApiError 404 where no file is there, 409 where
  // it is damaged or does not belong to this model.
  Json restore(const std::string& id, ServedModel& served) const;
  // Throws ApiError 404.
  Json remove(const std::string& id) const;

 private:
  std::filesystem::path file_of(const std::string& id) const;
  void check_directory() const;
  std::string without_directory(const std::string& message) const;

  std::filesystem::path directory_;
};

}  // namespace jet::serve
