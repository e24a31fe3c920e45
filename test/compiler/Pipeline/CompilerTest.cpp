//===- CompilerTest.cpp - The compiler's C++ interface --------------------===//
#include "compiler/Compiler.h"
#include "support/Zip.h"
#include "support/glyph/Glyph.h"
#include "program_generated.h"
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <unistd.h>

using namespace glyptic;

namespace {

bool exists(const std::string &path) { return access(path.c_str(), F_OK) == 0; }

std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct CompilerTest : testing::Test {
  void SetUp() override {
    compiler.reset(glypticCreateCompiler(kCompilerInterface));
    ASSERT_TRUE(compiler);
    Outcome made = compiler->createModel("mlp", {}, /*seed=*/1, model);
    ASSERT_TRUE(made) << made.message;
  }
  void TearDown() override {
    unlink(model.c_str());
    unlink(glyph.c_str());
  }

  static CompileOptions training() {
    CompileOptions options;
    options.training.emplace().loss = "bce"; // the model ends in a sigmoid
    options.maxBatch = 8;
    return options;
  }

  // Tests may run at the same time, each in a process of its own.
  std::string base = testing::TempDir() + "compiler-" + std::to_string(getpid());
  std::string model = base + ".onnx", glyph = base + ".glyph";
  std::unique_ptr<Compiler> compiler;
};

TEST_F(CompilerTest, OtherInterfacesAreRefused) { EXPECT_EQ(glypticCreateCompiler(kCompilerInterface + 1), nullptr); }

/// Programs that embed the compiler go by the code, people by the text.
TEST_F(CompilerTest, ErrorsSayWhoHasToAct) {
  std::string json;
  auto codesOf = [&](const std::string &path, const CompileOptions &options) {
    return std::vector<ErrorCode>{compiler->compile(path, options, glyph).code, compiler->check(path, options, json).code,
                                  compiler->checkGradient(path, options, {}, json).code};
  };
  auto all = [](ErrorCode code) { return std::vector<ErrorCode>(3, code); };
  EXPECT_EQ(codesOf(base + ".missing.onnx", training()), all(ErrorCode::File));
  std::string cut = base + ".cut.onnx", unknown = base + ".unknown.onnxtxt";
  std::ofstream(cut, std::ios::binary) << read(model).substr(0, 100);
  EXPECT_EQ(codesOf(cut, training()), all(ErrorCode::Format));
  std::ofstream(unknown) << "<ir_version: 8, opset_import: [\"\" : 18, \"my\" : 1]>\n"
                            "g (float[N, 4] x) => (float[N, 4] y) { y = my.Mystery (x) }\n";
  EXPECT_EQ(codesOf(unknown, training()), all(ErrorCode::Unsupported));
  CompileOptions shaped = training();
  shaped.shapes["nothing"] = {-1, 4};
  EXPECT_EQ(codesOf(model, shaped), all(ErrorCode::Argument));
  std::string form;
  EXPECT_EQ(compiler->exportModel(model, base + ".missing.safetensors", base + ".out.onnx", false, form).code,
            ErrorCode::File);
  EXPECT_EQ(compiler->createModel("mlp", {{"hidden", -1}}, 1, base + ".out.onnx").code, ErrorCode::Argument);
  EXPECT_EQ(compiler->createModel("mlp", {}, 1, base + ".nowhere/m.onnx").code, ErrorCode::File);
  unlink(cut.c_str());
  unlink(unknown.c_str());
}

TEST_F(CompilerTest, TrainingGlyphHoldsEveryEntry) {
  CompileReport report;
  Outcome outcome = compiler->compile(model, training(), glyph, &report);
  ASSERT_TRUE(outcome) << outcome.message;
  MappedFile file(glyph);
  ZipReader archive(file.bytes());
  for (const char *name : {"program.fb", "bill.txt", "cpu/kernels.so", "state.safetensors", "model.onnx"})
    EXPECT_TRUE(archive.find(name)) << name;
  std::string_view bytes = ZipReader::stored(*archive.find("program.fb"));
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  ASSERT_TRUE(glyph::VerifyProgramBuffer(verifier));
  const glyph::Program &program = *glyph::GetProgram(bytes.data());
  std::vector<std::string> entries;
  for (const glyph::Entry *entry : *program.entries())
    entries.push_back(entry->name()->str());
  std::sort(entries.begin(), entries.end());
  EXPECT_EQ(entries, (std::vector<std::string>{"apply", "evaluate", "grad", "infer", "step"}));
  EXPECT_EQ(program.max_batch(), 8u);
  // The model in the glyph is the model, to the byte: what the runtime exports differs from it in the holes alone.
  EXPECT_EQ(ZipReader::stored(*archive.find("model.onnx")), read(model));
  EXPECT_EQ(report.phases.back().first, "Glyph");
  EXPECT_NE(report.bill.find("Memory"), std::string::npos);
}

TEST_F(CompilerTest, SameRequestSameBytes) {
  ASSERT_TRUE(compiler->compile(model, training(), glyph));
  std::string first = read(glyph);
  std::vector<char> second;
  CompileOptions uncached = training();
  uncached.cache = false;
  ASSERT_TRUE(compiler->compileToMemory(model, uncached, second));
  EXPECT_EQ(first.size(), second.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), second.begin(), second.end()));
}

TEST_F(CompilerTest, StopAfterWritesNothing) {
  CompileOptions options = training();
  options.stopAfter = "fusion";
  CompileReport report;
  Outcome outcome = compiler->compile(model, options, glyph, &report);
  EXPECT_TRUE(outcome) << outcome.message;
  EXPECT_EQ(report.phases.back().first, "Fusion");
  EXPECT_FALSE(exists(glyph));
}

TEST_F(CompilerTest, FaultsAreOutcomes) {
  Outcome outcome = compiler->compile(base + "-absent.onnx", {}, glyph);
  EXPECT_FALSE(outcome);
  EXPECT_NE(outcome.message.find("absent.onnx"), std::string::npos) << outcome.message;

  CompileOptions options;
  options.printAfter = "Nowhere";
  outcome = compiler->compile(model, options, glyph);
  EXPECT_FALSE(outcome);
  EXPECT_NE(outcome.message.find("Planning"), std::string::npos) << outcome.message;

  options = {};
  options.maxBatch = 0;
  EXPECT_FALSE(compiler->compile(model, options, glyph));

  outcome = compiler->compile(model, {}, testing::TempDir() + "no/such/folder/x.glyph");
  EXPECT_FALSE(outcome);
  EXPECT_EQ(outcome.code, ErrorCode::File) << outcome.message;

  options = training();
  options.training->loss = "regret";
  outcome = compiler->compile(model, options, glyph);
  EXPECT_FALSE(outcome);
  EXPECT_NE(outcome.message.find("cross-entropy"), std::string::npos) << outcome.message;
  EXPECT_FALSE(exists(glyph));
}

TEST_F(CompilerTest, TooLargeABatchIsRefusedWithTheLargestThatFits) {
  CompileOptions options;
  options.maxBatch = int64_t(1) << 32;
  Outcome outcome = compiler->compile(model, options, glyph);
  EXPECT_FALSE(outcome);
  EXPECT_EQ(outcome.code, ErrorCode::Memory);
  EXPECT_NE(outcome.message.find("the largest batch that fits is"), std::string::npos) << outcome.message;
}

} // namespace
