// Directories that appear when complete, and otherwise not at all.
#include "io/atomic_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/file.h"
#include "io/test_files.h"

namespace jet {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using testing_files::Directory;

int64_t entries(const std::filesystem::path& directory) {
  return std::distance(std::filesystem::directory_iterator(directory), {});
}

void write(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

TEST(AtomicDirectory, AppearsOnCommitAlone) {
  const Directory place;
  const auto path = place.file("above/model");  // "above" is made
  AtomicDirectory directory(path);
  write(directory.temporary() / "a", "text");
  EXPECT_FALSE(file_exists(path));
  directory.commit();
  EXPECT_EQ(read_text_file(path / "a"), "text");
  EXPECT_EQ(entries(path.parent_path()), 1);
}

TEST(AtomicDirectory, LeavesNothingWithoutCommit) {
  const Directory place;
  {
    const AtomicDirectory directory(place.file("model"));
    write(directory.temporary() / "a", "text");
    write(directory.temporary() / "b", "text");
  }
  EXPECT_EQ(entries(place.file("")), 0);
}

TEST(AtomicDirectory, RefusesWhatIsThere) {
  const Directory place;
  place.write("model", "a file");
  EXPECT_THAT([&] { AtomicDirectory(place.file("model")); },
              ThrowsMessage<Error>(HasSubstr("model: exists already")));
  EXPECT_THAT([&] { AtomicDirectory(place.file("model/below")); },
              ThrowsMessage<Error>(HasSubstr("Not a directory")));
  EXPECT_EQ(read_text_file(place.file("model")), "a file");
}

}  // namespace
}  // namespace jet
