//===- ZipTest.cpp --------------------------------------------------------===//
#include "support/Zip.h"
#include "TemporaryFolder.h"

#include <cstring>
#include <minizip/zip.h>

using namespace glyptic;

static std::string writeArchive(const std::string &path,
                                std::initializer_list<std::pair<std::string, std::string>> entries) {
  ZipWriter writer(path);
  for (auto &[name, bytes] : entries)
    writer.add(name, bytes);
  writer.commit();
  return readFile(path);
}

/// Opens and reads everything; the first error's message.
static std::string complaint(std::string_view bytes) {
  return errorOf([&] {
    ZipReader reader(bytes);
    for (const ZipEntry &entry : reader.entries())
      ZipReader::inflated(entry);
  });
}

TEST(Zip, RoundTripIsAlignedAndReproducible) {
  TemporaryFolder folder;
  std::string big(100'003, 'x');
  std::string archive =
      writeArchive(folder / "a.zip", {{"program.fb", "hello"}, {"cpu/kernels.so", big}, {"empty", ""}});
  EXPECT_EQ(archive, writeArchive(folder / "b.zip", {{"program.fb", "hello"}, {"cpu/kernels.so", big}, {"empty", ""}}));
  ZipReader reader(archive);
  ASSERT_EQ(reader.entries().size(), 3u);
  EXPECT_EQ(reader.entries()[1].name, "cpu/kernels.so");
  for (const ZipEntry &entry : reader.entries())
    EXPECT_EQ((entry.data.data() - archive.data()) % 64, 0) << entry.name;
  EXPECT_EQ(ZipReader::stored(*reader.find("cpu/kernels.so")), big);
  EXPECT_EQ(reader.find("nothing"), nullptr);
}

TEST(Zip, SizesOfPiecesAreChecked) {
  TemporaryFolder folder;
  ZipWriter writer(folder / "a.zip");
  writer.begin("a", 4);
  writer.write("ab", 2);
  EXPECT_NE(errorOf([&] { writer.end(); }), "");
  EXPECT_NE(errorOf([&] { writer.write("cde", 3); }), "");
}

TEST(Zip, AFullDiskIsReported) {
  ZipWriter writer("/dev/full");
  EXPECT_NE(errorOf([&] {
              writer.add("a", std::string(1 << 20, 'x'));
              writer.commit();
            }).find("No space left on device"),
            std::string::npos);
}

TEST(Zip, DamageIsNamed) {
  TemporaryFolder folder;
  std::string archive = writeArchive(folder / "a.zip", {{"first", "0123456789"}, {"other", "abcdefghij"}});
  std::string edited = archive;
  edited[edited.find("345")] = 'x';
  EXPECT_EQ(complaint(edited), "entry 'first' is damaged (its checksum is wrong)");
  std::string duplicate = archive;
  for (size_t at; (at = duplicate.find("other")) != std::string::npos;)
    duplicate.replace(at, 5, "first");
  EXPECT_EQ(complaint(duplicate), "entry 'first' occurs twice");
  // The flags of a directory entry follow its signature and two versions.
  std::string encrypted = archive;
  encrypted[encrypted.find("PK\1\2") + 8] |= 1;
  EXPECT_EQ(complaint(encrypted), "entry 'first' is encrypted");
  std::string method = archive;
  method[method.find("PK\1\2") + 10] = 12;
  EXPECT_EQ(complaint(method), "entry 'first' is compressed by method 12, which is not supported");
  EXPECT_EQ(complaint("PK\3\4 is not enough"), "not a ZIP archive, or cut short");
  EXPECT_EQ(complaint(""), "not a ZIP archive, or cut short");
}

TEST(Zip, OverlapIsRefused) {
  TemporaryFolder folder;
  std::string archive = writeArchive(folder / "a.zip", {{"same1", "0123456789"}, {"same2", "0123456789"}});
  // Both directory entries point at the first header, whose name is made to fit by minizip's not comparing names.
  size_t second = archive.find("PK\1\2", archive.find("PK\1\2") + 1);
  std::memset(archive.data() + second + 42, 0, 4);
  EXPECT_EQ(complaint(archive), "entries 'same1' and 'same2' overlap");
}

TEST(Zip, NoFlipOrCutCrashes) {
  TemporaryFolder folder;
  std::string archive = writeArchive(folder / "a.zip", {{"first", "0123456789"}, {"second", "abcdefghij"}});
  for (size_t i = 0; i < archive.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = archive;
      flipped[i] ^= 1 << bit;
      complaint(flipped);
    }
    EXPECT_NE(complaint(std::string_view(archive).substr(0, i)), "") << "cut to " << i;
  }
}

TEST(Zip, BombsAreNotUnpacked) {
  // The size in the directory is what an archive claims; here it claims 4 GB minus one from a few bytes.
  TemporaryFolder folder;
  std::string path = folder / "a.zip";
  zipFile file = zipOpen64(path.c_str(), APPEND_STATUS_CREATE);
  zip_fileinfo info{};
  ASSERT_EQ(zipOpenNewFileInZip(file, "zeros", &info, nullptr, 0, nullptr, 0, nullptr, Z_DEFLATED, 9), ZIP_OK);
  std::string zeros(10'000, '\0');
  zipWriteInFileInZip(file, zeros.data(), zeros.size());
  zipCloseFileInZip(file);
  zipClose(file, nullptr);
  std::string archive = readFile(path);
  EXPECT_EQ(complaint(archive), "");
  std::string lying = archive;
  size_t directory = lying.find("PK\1\2");
  std::string huge = "\xfe\xff\xff\xff";
  lying.replace(directory + 24, 4, huge);
  lying.replace(22, 4, huge);
  EXPECT_EQ(complaint(lying), "entry 'zeros' claims 4294967294 bytes, more than it can hold");
  ZipReader reader(archive);
  EXPECT_NE(errorOf([&] { ZipReader::inflated(reader.entries()[0], 9'999); }), "");
  std::string shorter = archive;
  shorter[directory + 24] -= 1;
  shorter[22] -= 1;
  EXPECT_EQ(complaint(shorter), "entry 'zeros' is damaged (it does not inflate to its size)");
}
