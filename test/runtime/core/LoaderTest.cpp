//===- LoaderTest.cpp - Cut, edited and foreign glyphs --------------------===//
#include "runtime/core/Verify.h"
#include "test/runtime/GlyphBuilder.h"

using namespace glyptic;

namespace {

/// A small program with one of everything.
class LoaderTest : public testing::Test {
protected:
  void SetUp() override {
    builder.code(folder, "void kernel(void *const *b, int64_t n, int64_t lo, int64_t hi) { ((float *)b[1])[0] = 7; }");
    auto &weight = builder.state("w", DType::F32, {2, 3}, {1, 0});
    weight.stored = true;
    builder.initial("w", {3, 2}, {1, 2, 3, 4, 5, 6});
    builder.program.constants.assign(64, 1);
    auto constant = builder.tensor("c", DType::F32, {4}, glyph::Arena::Constant);
    auto x = builder.work("x", DType::F32, {samples(), 2}), y = builder.work("y", DType::F32, {samples(), 3});
    auto z = builder.work("z", DType::F32, {samples(), 3}), index = builder.work("i", DType::I64, {samples()});
    auto &entry = builder.entry("infer");
    builder.input(entry, x);
    builder.input(entry, index);
    builder.call(entry, "matmul", {&x, weight.tensor.get(), &y},
                 {{"lhs_batch", {}}, {"rhs_batch", {}}, {"lhs_contracting", {1}}, {"rhs_contracting", {0}}});
    builder.launch(entry, "kernel", {&constant, &y}, {1}, {0, 1});
    builder.copyBuffer(entry, y, z);
    builder.output(entry, z);
    auto range = std::make_unique<glyph::RangeT>();
    range->tensor = "i";
    range->high = 4;
    builder.program.ranges.push_back(std::move(range));
  }

  /// What loading says of the program as it is now; the file's name is left out.
  std::string complaint() {
    std::string path = builder.write(folder / "a.glyph");
    std::string message = errorOf([&] { Program{path}; });
    std::string prefix = "'" + path + "': ";
    return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
  }

  glyph::ProgramT &program() { return builder.program; }
  glyph::EntryT &entry() { return *builder.program.entries[0]; }
  glyph::LibraryCallT &call() { return *entry().instructions[0]->action.AsLibraryCall(); }
  glyph::LaunchT &launch() { return *entry().instructions[1]->action.AsLaunch(); }
  glyph::CopyT &copy() { return *entry().instructions[2]->action.AsCopy(); }
  static void move(glyph::Buffer &buffer, uint64_t offset) {
    buffer = glyph::Buffer(buffer.arena(), offset, buffer.size());
  }

  TemporaryFolder folder;
  GlyphBuilder builder{5};
};

TEST_F(LoaderTest, Sound) { EXPECT_EQ(complaint(), ""); }

TEST_F(LoaderTest, OtherVersions) {
  program().format = 99;
  EXPECT_EQ(complaint(), "its format is 99, this runtime reads 1; compile the model again");
}

TEST_F(LoaderTest, OtherMachines) {
  program().target = "metal:m1";
  EXPECT_EQ(complaint(), "it is compiled for 'metal:m1', which this runtime does not run");
  program().target = "cpu:avx,quantum";
  EXPECT_EQ(complaint(),
            "it is compiled for a processor with quantum, which this one lacks; compile the model on this machine");
  program().target = "cpu:" + getHostCpuFeatures();
  EXPECT_EQ(complaint(), "");
}

TEST_F(LoaderTest, Buffers) {
  uint64_t work = program().arena_sizes[static_cast<size_t>(glyph::Arena::Work)];
  move(*entry().outputs[0]->buffer, 4);
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': a buffer is not aligned");
  move(*entry().outputs[0]->buffer, work);
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': a buffer reaches beyond its arena");
  move(*entry().outputs[0]->buffer, UINT64_MAX - 63);
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': a buffer reaches beyond its arena");
  move(*entry().outputs[0]->buffer, 0);
  move(launch().buffers[1], work);
  EXPECT_EQ(complaint(), "entry 'infer': instruction 1 (node2): a buffer reaches beyond its arena");
}

TEST_F(LoaderTest, TensorsLargerThanTheirBuffers) {
  entry().outputs[0]->dims.emplace_back(2, false);
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': it is larger than its buffer");
  entry().outputs[0]->dims.back() = glyph::Dim(uint64_t(1) << 50, false);
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': a dimension is out of range");
  entry().outputs[0]->dims.back() = glyph::Dim(0, true);
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': a dimension is out of range") << "no sample would have an extent";
  entry().outputs[0]->dims.assign(13, glyph::Dim(1, false));
  EXPECT_EQ(complaint(), "entry 'infer': tensor 'z': it has too many dimensions");
}

TEST_F(LoaderTest, Instructions) {
  launch().writes = {2};
  EXPECT_EQ(complaint(), "entry 'infer': instruction 1 (node2): it writes a buffer that it does not have");
  launch().writes = {0};
  EXPECT_EQ(complaint(), "entry 'infer': instruction 1 (node2): constants are written");
  launch().writes = {1};
  launch().symbol = "nothing";
  EXPECT_EQ(complaint(), "its code lacks kernel 'nothing'");
  launch().symbol = "kernel";
  *copy().target = glyph::Buffer(glyph::Arena::Work, 0, glyph::Size(8, 0));
  EXPECT_EQ(complaint(), "entry 'infer': instruction 2 (node3): it copies between two sizes");
  call().parameters[2]->values = {int64_t(1) << 40};
  EXPECT_EQ(complaint(), "entry 'infer': instruction 0 (node1): a parameter is out of range");
  call().results = 4;
  EXPECT_EQ(complaint(), "entry 'infer': instruction 0 (node1): it has more results than operands");
}

TEST_F(LoaderTest, LibraryCallsThatOverwriteThemselves) {
  const std::string where = "entry 'infer': instruction 0 (node1): ";
  auto workspaceAt = [&](glyph::Arena arena, uint64_t offset) {
    call().workspace = std::make_unique<glyph::Buffer>(arena, offset, glyph::Size(1, 0));
  };
  uint64_t &end = program().arena_sizes[size_t(glyph::Arena::Work)];
  workspaceAt(glyph::Arena::Work, end);
  end += 64;
  EXPECT_EQ(complaint(), "");
  // y has 5 * 12 bytes from byte 64 on, of which the last sample's reach up to 124.
  workspaceAt(glyph::Arena::Work, 64);
  EXPECT_EQ(complaint(), where + "its workspace lies over an operand");
  workspaceAt(glyph::Arena::Accumulator, 64);
  program().arena_sizes[size_t(glyph::Arena::Accumulator)] = 128;
  EXPECT_EQ(complaint(), "") << "another arena";
  move(*call().operands[2]->buffer, 0);
  EXPECT_EQ(complaint(), where + "it writes over another operand");
}

TEST_F(LoaderTest, State) {
  program().state[0]->permutation = {1, 1};
  EXPECT_EQ(complaint(), "state 'w': its permutation is none");
  program().state[0]->permutation = {0};
  EXPECT_EQ(complaint(), "state 'w': its permutation does not fit");
  program().state[0]->permutation = {0, 1};
  EXPECT_EQ(complaint(), "the initial value of state 'w' is float32 [3, 2] instead of float32 [2, 3]");
  program().state[0]->permutation = {1, 0};
  program().state[0]->tensor->name = "v";
  EXPECT_EQ(complaint(), "it lacks the initial value of state 'v'");
}

TEST_F(LoaderTest, Names) {
  program().ranges[0]->tensor = "x";
  EXPECT_EQ(complaint(), "range of 'x': there is no integer input of this name");
  program().ranges.clear();
  entry().inputs[1]->name = "x";
  EXPECT_EQ(complaint(), "entry 'infer': an input occurs twice");
}

TEST_F(LoaderTest, Arenas) {
  program().arena_sizes[static_cast<size_t>(glyph::Arena::Work)] = uint64_t(1) << 60;
  std::string path = builder.write(folder / "a.glyph");
  EXPECT_NE(errorOf([&] { Session{Program(path)}; }).find("MiB of memory; compile for a smaller largest batch"),
            std::string::npos);
}

TEST_F(LoaderTest, ExportHoles) {
  auto hole = std::make_unique<glyph::ExportHoleT>();
  hole->state = "w";
  hole->size = 24;
  hole->offset = 1;
  program().export_holes.push_back(std::move(hole));
  builder.archive[glyph::kModelEntry] = std::string(24, '?');
  EXPECT_EQ(complaint(), "the model's weight 'w' lies outside the model");
  program().export_holes[0]->offset = 0;
  EXPECT_EQ(complaint(), "");
  program().export_holes[0]->size = 20;
  EXPECT_EQ(complaint(), "the model's weight 'w' does not fit any state");
}

TEST_F(LoaderTest, ForeignCode) {
  std::string &code = builder.archive["cpu/kernels.so"];
  std::string good = code;
  code = "not an object";
  EXPECT_EQ(complaint(), "code 'cpu/kernels.so' is not a shared object for this kind of processor");
  code = good.substr(0, 1000);
  EXPECT_EQ(complaint(), "code 'cpu/kernels.so' is cut short");
  builder.archive.erase("cpu/kernels.so");
  EXPECT_EQ(complaint(), "its code lacks kernel 'kernel'");
}

TEST_F(LoaderTest, ForeignFiles) {
  for (const char *bytes : {"", "GLYP", "PK\5\6", "#!/bin/sh\n"}) {
    writeFile(folder / "b.glyph", bytes);
    EXPECT_EQ(errorOf([&] { Program(folder / "b.glyph"); }),
              "'" + folder / "b.glyph" + "': not a ZIP archive, or cut short");
  }
  ZipWriter writer(folder / "c.glyph");
  writer.add("something", "else");
  writer.commit();
  EXPECT_EQ(errorOf([&] { Program(folder / "c.glyph"); }), "'" + folder / "c.glyph" + "': it does not hold a program");
  builder.archive["more"] = "x";
  EXPECT_EQ(complaint(), "") << "further entries are allowed";
}

/// Loads from memory and, where that succeeds, makes a session: whatever is let through must be safe to hold.
std::string tryLoad(const std::string &bytes) {
  return errorOf([&] {
    glyptic_program *program = nullptr;
    check(glyptic_program_load_memory(bytes.data(), bytes.size(), &program));
    std::unique_ptr<glyptic_program, void (*)(glyptic_program *)> owner(program, glyptic_program_free);
    glyptic_session *session = nullptr;
    check(glyptic_session_create(program, 1, &session));
    glyptic_session_free(session);
  });
}

TEST_F(LoaderTest, NoCutFileLoads) {
  builder.archive["cpu/kernels.so"].resize(0);
  launch().symbol = "gone"; // keeps the file small; the cut is found before the kernel is missed
  std::string bytes = readFile(builder.write(folder / "a.glyph"));
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(tryLoad(bytes.substr(0, size)), "glyph: not a ZIP archive, or cut short") << size;
}

TEST_F(LoaderTest, EveryEditedByteIsFoundOrHarmless) {
  std::string bytes = readFile(builder.write(folder / "a.glyph"));
  ZipReader archive(bytes);
  for (const ZipEntry &entry : archive.entries()) {
    auto begin = static_cast<size_t>(entry.data.data() - bytes.data());
    for (size_t i = begin; i<begin + entry.data.size(); i += entry.data.size()> 4096 ? 97 : 1) {
      std::string edited = bytes;
      edited[i] ^= 1 << i % 8;
      ASSERT_EQ(tryLoad(edited), "glyph: entry '" + entry.name + "' is damaged (its checksum is wrong)") << i;
    }
  }
  // Outside the entries: headers, directory, padding.
  for (size_t i = 0; i < bytes.size(); ++i) {
    bool inside = false;
    for (const ZipEntry &entry : archive.entries())
      inside |= &bytes[i] >= entry.data.data() && &bytes[i] < entry.data.data() + entry.data.size();
    if (inside)
      continue;
    std::string edited = bytes;
    edited[i] ^= 1 << i % 8;
    tryLoad(edited);
  }
}

TEST_F(LoaderTest, ProgramsWithRightChecksumsAreVerified) {
  // Whoever edits the program and mends the checksum meets the verifier. Every bit of the program, alone; whole files,
  // which must survive being synced to the disk, for some.
  builder.write(folder / "a.glyph");
  std::string good = builder.archive[glyph::kProgramEntry];
  size_t refused = 0;
  for (size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string edited = good;
      edited[i] = static_cast<char>(edited[i] ^ 1 << bit);
      refused += !errorOf([&] { runtime::verifyProgram(edited); }).empty();
      if ((i * 8 + static_cast<size_t>(bit)) % 131 != 0)
        continue;
      ZipWriter writer(folder / "b.glyph");
      for (auto &[name, bytes] : builder.archive)
        writer.add(name, name == glyph::kProgramEntry ? edited : bytes);
      writer.commit();
      tryLoad(readFile(folder / "b.glyph"));
    }
  EXPECT_GT(refused, good.size());
}

} // namespace
