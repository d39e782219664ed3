// Mappings, whole reads, and writes that appear complete or not at all.
#include "io/file.h"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/error.h"
#include "io/test_files.h"

namespace jet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_files::Directory;

size_t entries(const std::filesystem::path& directory) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(MappedFile, OutlivesItsName) {
  const Directory directory;
  const auto path = directory.write("a", "hello");
  const auto mapped = MappedFile::open(path);
  std::filesystem::remove(path);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(mapped->bytes().data()),
                             mapped->bytes().size()),
            "hello");
  EXPECT_EQ(mapped->path(), path);
}

TEST(MappedFile, EmptyFileIsEmpty) {
  const Directory directory;
  EXPECT_TRUE(MappedFile::open(directory.write("a", ""))->bytes().empty());
}

TEST(MappedFile, ACopyOutlivesItsBytes) {
  const Directory directory;
  const auto path = directory.write("a", "hello");
  const auto copy = MappedFile::read(path);
  std::filesystem::resize_file(path, 0);
  copy->release_pages();
  EXPECT_EQ(
      std::string_view(reinterpret_cast<const char*>(copy->bytes().data()), copy->bytes().size()),
      "hello");
  EXPECT_TRUE(MappedFile::read(path)->bytes().empty());
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const Directory directory;
  EXPECT_THAT([&] { MappedFile::open(directory.file("none")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("none"), HasSubstr("No such file"))));
  EXPECT_THAT([&] { MappedFile::open(directory.file("")); },
              ThrowsMessage<Error>(HasSubstr("is a directory")));
  const auto pipe = directory.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT([&] { MappedFile::open(pipe); },
              ThrowsMessage<Error>(HasSubstr("not a regular file")));
}

TEST(ReadTextFile, ReadsAll) {
  const Directory directory;
  const std::string text(300000, 'x');
  EXPECT_EQ(read_text_file(directory.write("a", text)), text);
  EXPECT_EQ(read_text_file(directory.write("b", "")), "");
  EXPECT_FALSE(read_text_file("/proc/self/status").empty());  // its size is said to be 0
}

TEST(ReadTextFile, KeepsToItsLimit) {
  const Directory directory;
  const auto path = directory.write("a", "12345");
  EXPECT_EQ(read_text_file(path, 5), "12345");
  EXPECT_THAT(
      [&] { read_text_file(path, 4); },
      ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr("larger than 4 bytes"))));
}

// A pipe would be waited for, a device may never end.
TEST(ReadTextFile, RefusesPipesAndDevices) {
  const Directory directory;
  const auto pipe = directory.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT([&] { read_text_file(pipe); },
              ThrowsMessage<Error>(AllOf(HasSubstr("pipe"), HasSubstr("expected a file"))));
  EXPECT_THAT([] { read_text_file("/dev/zero"); },
              ThrowsMessage<Error>(HasSubstr("expected a file")));
}

TEST(FileExists, SaysWhenItCannotTell) {
  const Directory directory;
  const auto loop = directory.file("loop");
  std::filesystem::create_symlink(loop, loop);
  EXPECT_THAT([&] { file_exists(loop); }, ThrowsMessage<Error>(HasSubstr("loop")));
  EXPECT_FALSE(file_exists(directory.file("none")));
  EXPECT_TRUE(directory_exists(directory.file("")));
}

TEST(ReadTextFile, NamesWhatIsMissing) {
  const Directory directory;
  EXPECT_THAT([&] { read_text_file(directory.file("none")); },
              ThrowsMessage<Error>(HasSubstr("none")));
  EXPECT_THAT([&] { read_text_file(directory.file("")); },
              ThrowsMessage<Error>(HasSubstr("is a directory")));
}

TEST(AtomicFile, AppearsOnCommitAlone) {
  const Directory directory;
  const auto path = directory.write("a", "old");
  {
    AtomicFile file(path);
    file.write("new ");
    file.write("text");
    EXPECT_EQ(file.position(), 8);
    EXPECT_EQ(read_text_file(path), "old");
    file.commit();
  }
  EXPECT_EQ(read_text_file(path), "new text");
  EXPECT_EQ(entries(directory.file("")), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const Directory directory;
  const auto path = directory.write("a", "old");
  { AtomicFile(path).write("new"); }
  EXPECT_EQ(read_text_file(path), "old");
  EXPECT_EQ(entries(directory.file("")), 1u);
}

TEST(AtomicFile, TwoWritersOfOnePathDoNotMix) {
  const Directory directory;
  const auto path = directory.file("a");
  AtomicFile first(path);
  AtomicFile second(path);
  first.write("first");
  second.write("second");
  first.commit();
  EXPECT_EQ(read_text_file(path), "first");
  second.commit();
  EXPECT_EQ(read_text_file(path), "second");
}

TEST(AtomicFile, ErrorsNameThePathAndTheCause) {
  const Directory directory;
  EXPECT_THAT([&] { AtomicFile(directory.file("none/a")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("none/a"), HasSubstr("No such file"))));
  std::filesystem::create_directory(directory.file("taken"));
  EXPECT_THAT([&] { AtomicFile(directory.file("taken")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("taken"), HasSubstr("not a plain file"))));
  EXPECT_THAT([] { AtomicFile("/dev/null"); }, ThrowsMessage<Error>(HasSubstr("/dev/null")));
}

TEST(AtomicFile, ReplacesWhatALinkPointsTo) {
  const Directory directory;
  const auto target = directory.write("target", "old");
  std::filesystem::create_symlink(target, directory.file("link"));
  AtomicFile file(directory.file("link"));
  file.write("new");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(directory.file("link")));
  EXPECT_EQ(read_text_file(target), "new");
}

// The limit on a file's size stands in for a full disk: write() fails half way.
TEST(AtomicFile, AFailedWriteLeavesTheOldFile) {
  const Directory directory;
  const auto path = directory.write("a", "old");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1000;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto write = [&] {
    AtomicFile file(path);
    file.write(std::string(5000, 'x'));
    file.commit();
  };
  EXPECT_THAT(write,
              ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr("File too large"))));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(read_text_file(path), "old");
  EXPECT_EQ(entries(directory.file("")), 1u);
}

}  // namespace
}  // namespace jet
