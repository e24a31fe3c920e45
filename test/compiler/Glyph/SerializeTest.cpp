//===- SerializeTest.cpp - Plans survive the way through a glyph ----------===//
#include "compiler/Glyph/Serialize.h"
#include "compiler/Glyph/WriteGlyph.h"
#include "support/Safetensors.h"
#include "support/Zip.h"
#include "support/glyph/Glyph.h"
#include "test/dialects/Plan/PlanFixture.h"
#include <cstdlib>

using namespace mlir;
using namespace glyptic;

namespace {

/// Every op, every optional field, every element type, a batched dimension with and without a factor.
constexpr char kPlan[] = R"mlir(
plan.program "cpu:avx2,fma" threads 2 max_batch 4 arenas [320, 64, 1024, 64] constants dense<7> : tensor<64xi8> {
  %w = plan.buffer state[0] <24>
  plan.state "w" role "parameter" %w : tensor<2x3xf32> permutation [1, 0] stored
  %m = plan.buffer state[64] <24>
  plan.state "optimizer.m.w" role "slot" %m : tensor<2x3xf32> permutation [1, 0]
  %i = plan.buffer state[128] <8>
  plan.state "training.iteration" role "counter" %i : tensor<i64>
  %h = plan.buffer state[192] <4>
  plan.state "half" role "buffer" %h : tensor<2xbf16> stored
  %g = plan.buffer accumulator[0] <24>
  plan.accumulator "gradient.w" role "accumulator" %g : tensor<2x3xf32>
  plan.range "x" from -3 to 10 ignored -100
  plan.range "z" from 0 to 4
  plan.entry @infer {
    %x = plan.buffer work[0] <0 + 8 * batch>
    plan.input "x" role "input" %x : tensor<?x2xf32>
    %z = plan.buffer work[64] <0 + 3 * batch>
    plan.input "z" role "input" %z : tensor<?x3xi1>
    %y = plan.buffer work[128] <0 + 12 * batch>
    plan.output "y" role "output" %y : tensor<?x3xf32>
    plan.output "flat" role "output" %y : tensor<?xf32, #graph.batch<3>> mixes_samples
    %s = plan.buffer work[512] <256>
    plan.library_call "matmul"(%x, %w) -> (%y) workspace %s : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32> parameters {a = array<i64: 1, 2>, b = array<i64>} flops <0 + 12 * batch> bytes <24 + 20 * batch> "Gemm_0"
    %c = plan.buffer constant[0] <24>
    plan.launch @relu(%y, %c, %y) writes [2] chunks <1 + 2 * batch> grain 64 flops <0 + 3 * batch> bytes <24 + 24 * batch> "Relu_1 + Add_2"
    %t = plan.buffer work[192] <0 + 12 * batch>
    plan.copy %y to %t flops <0> bytes <0 + 24 * batch>
  }
  plan.entry @apply {
    plan.launch @update(%w, %g, %w) writes [2] chunks <6> grain 1 flops <6> bytes <72>
    plan.launch @tiles(%w, %g, %w) writes [2] chunks <6> grain 1 blocks of 128 threads for 4 flops <6> bytes <72> "w" {apart = [#plan.boundary<0 : <24>, "a reason">, #plan.boundary<0 : <8 + 4 * batch>, "another">]}
    %flat = plan.buffer state[0] <88>
    plan.launch @decay(%flat, %flat) writes [1] chunks <22> grain 1 flops <22> bytes <176>
  }
}
)mlir";

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

struct GlyphTest : test::PlanFixture {
  GlyphTest() : PlanFixture(kPlan) {}
};

TEST_F(GlyphTest, PlanComesBackWithTheSameText) {
  FailureOr<glyph::ProgramT> program = toGlyphProgram(getPlan());
  ASSERT_TRUE(succeeded(program));
  const std::string bytes = pack(*program);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  ASSERT_TRUE(glyph::VerifyProgramBuffer(verifier));

  OwningOpRef<ModuleOp> back = fromGlyphProgram(context, *glyph::GetProgram(bytes.data()));
  EXPECT_TRUE(succeeded(back->verify()));
  EXPECT_EQ(print(*back), print(*module));
}

/// What the plan says must be where a reader of the schema looks for it, not only survive the round trip.
TEST_F(GlyphTest, FactsLieWhereTheSchemaSays) {
  FailureOr<glyph::ProgramT> program = toGlyphProgram(getPlan());
  ASSERT_TRUE(succeeded(program));
  EXPECT_EQ(program->format, glyph::kFormat);
  EXPECT_EQ(program->arena_sizes, (std::vector<uint64_t>{320, 64, 1024, 64}));
  EXPECT_EQ(program->constants, std::vector<uint8_t>(64, 7));
  EXPECT_EQ(program->state[0]->permutation, (std::vector<uint8_t>{1, 0}));
  EXPECT_TRUE(program->state[0]->stored);
  EXPECT_FALSE(program->state[1]->stored);
  EXPECT_EQ(program->state[3]->tensor->dtype, DType::BF16);
  EXPECT_EQ(program->ranges[0]->ignored, -100);
  EXPECT_FALSE(program->ranges[1]->ignored.has_value());
  const glyph::EntryT &infer = *program->entries[0];
  EXPECT_EQ(infer.inputs[1]->dtype, DType::Bool);
  EXPECT_TRUE(infer.outputs[1]->dims[0].batched());
  EXPECT_EQ(infer.outputs[1]->dims[0].scale(), 3u);
  const glyph::LibraryCallT &call = *infer.instructions[0]->action.AsLibraryCall();
  EXPECT_EQ(call.operands.size(), 3u);
  EXPECT_EQ(call.results, 1u);
  EXPECT_EQ(call.operands[2]->buffer->offset(), 128u);
  EXPECT_EQ(call.parameters[0]->values, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(call.workspace->offset(), 512u);
  EXPECT_EQ(call.workspace->size().constant(), 256u);
  const glyph::LaunchT &launch = *infer.instructions[1]->action.AsLaunch();
  EXPECT_EQ(launch.symbol, "relu");
  EXPECT_EQ(launch.chunks->constant(), 1u);
  EXPECT_EQ(launch.chunks->per_batch(), 2u);
  EXPECT_EQ(infer.instructions[1]->label, "Relu_1 + Add_2");
  const glyph::BoundaryT &boundary = *program->entries[1]->instructions[1]->apart[1];
  EXPECT_EQ(boundary.producer, 0u);
  EXPECT_EQ(boundary.bytes->constant(), 8u);
  EXPECT_EQ(boundary.bytes->per_batch(), 4u);
  EXPECT_EQ(boundary.reason, "another");
}

TEST_F(GlyphTest, ArchiveHoldsProgramCodeAndWeights) {
  FailureOr<glyph::ProgramT> program = toGlyphProgram(getPlan());
  ASSERT_TRUE(succeeded(program));
  const float values[] = {1, 2, 3, 4, 5, 6};
  const char half[] = {0, 0, -128, 63};
  Builder b(&context);
  // The model's shape of `w` is the transposed one.
  std::vector<Weight> weights(2);
  weights[0].name = "w";
  weights[0].type = RankedTensorType::get({3, 2}, b.getF32Type());
  weights[0].bytes = {reinterpret_cast<const char *>(values), sizeof(values)};
  weights[1].name = "half";
  weights[1].type = RankedTensorType::get({2}, b.getBF16Type());
  weights[1].bytes = half;

  const std::string path = testing::TempDir() + "archive.glyph";
  const char code[] = "\x7f"
                      "ELF";
  writeGlyph(path, {*program, ArrayRef<char>(code, 4), weights, "bill\n"});
  EXPECT_EQ(std::system(("unzip -tqq " + path).c_str()), 0);

  MappedFile file(path);
  ZipReader archive(file.bytes());
  for (const ZipEntry &entry : archive.entries())
    EXPECT_EQ((entry.data.data() - file.bytes().data()) % 64, 0) << entry.name;
  ASSERT_TRUE(archive.find("cpu/kernels.so") && archive.find("bill.txt") && archive.find("state.safetensors"));
  EXPECT_EQ(ZipReader::stored(*archive.find("program.fb")), pack(*program));
  SafetensorsReader state(ZipReader::stored(*archive.find("state.safetensors")));
  EXPECT_EQ(state.entries().size(), 2u);
  ASSERT_TRUE(state.find("w"));
  EXPECT_EQ(state.find("w")->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(state.find("w")->data, std::string_view(weights[0].bytes.data(), sizeof(values)));
}

TEST_F(GlyphTest, StateWithoutInitialValueIsRefused) {
  FailureOr<glyph::ProgramT> program = toGlyphProgram(getPlan());
  ASSERT_TRUE(succeeded(program));
  const std::string path = testing::TempDir() + "refused.glyph";
  EXPECT_THROW(writeGlyph(path, {*program, {}, {}, ""}), Error);
  EXPECT_NE(access(path.c_str(), F_OK), 0) << "a file appeared";
}

} // namespace
