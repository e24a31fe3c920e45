//===- FileTest.cpp -------------------------------------------------------===//
#include "support/File.h"
#include "TemporaryFolder.h"

using namespace glyptic;

TEST(Error, NamesAreEscaped) {
  EXPECT_EQ(quoteName("conv1/\x1b[31m\n\x7f"), "'conv1/\\x1b[31m\\x0a\\x7f'");
  EXPECT_EQ(quoteName("gr\xc3\xbc\xc3\x9f\x65 \xc2\x9b"), "'gr\xc3\xbc\xc3\x9f\x65 \\x9b'");
}

TEST(File, UncommittedVanishes) {
  TemporaryFolder folder;
  writeFile(folder / "a", "old");
  {
    OutputFile file(folder / "a");
    file.write("new content");
  }
  EXPECT_EQ(readFile(folder / "a"), "old");
  EXPECT_EQ(folder.fileCount(), 1u);
}

TEST(File, CommitReplacesTheTargetOfALink) {
  TemporaryFolder folder;
  writeFile(folder / "target", "old");
  std::filesystem::create_symlink(folder / "target", folder / "link");
  OutputFile file(folder / "link");
  file.write("xew");
  file.seek(0);
  file.write("n");
  EXPECT_EQ(readFile(folder / "target"), "old");
  file.commit();
  EXPECT_EQ(readFile(folder / "target"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(folder.fileCount(), 2u);
}

TEST(File, DevicesAreWrittenInPlace) {
  OutputFile file("/dev/null");
  file.write("x");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(File, ErrorsNameTheFile) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf([&] { MappedFile file(folder / "no\nsuch"); }),
            "cannot open '" + folder / "no\\x0asuch" + "': No such file or directory");
  EXPECT_NE(errorOf([&] { MappedFile file(folder / ""); }), "") << "a folder is no file";
  EXPECT_NE(errorOf([&] { OutputFile file(folder / "no/such/folder"); }), "");
  writeFile(folder / "empty", "");
  EXPECT_EQ(MappedFile(folder / "empty").bytes().size(), 0u);
}
