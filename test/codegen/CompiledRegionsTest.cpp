//===- CompiledRegionsTest.cpp - Generated code against meaning -===//
//
// Every function of the sample files becomes one region, is compiled for this machine and run on pseudo-random
// operands. The results must agree with the ops' plain evaluation, which shares no code with their structured forms,
// and must not change by a bit with the division of the work.
//
//===----------------------------------------------------------------------===//
#include "RegionRunner.h"
#include "compiler/Interpreter/Interpreter.h"
#include "compiler/Passes.h"
#include "compiler/Pipeline/Registration.h"
#include "dialects/Graph/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "test/dialects/Graph/samples/Samples.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <random>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::graph;
using namespace glyptic::test;

namespace {

/// Moves the body of a function into one region op.
RegionOp outline(func::FuncOp function) {
  Block &block = function.getBody().front();
  Operation *end = block.getTerminator();
  OpBuilder builder(end);
  auto region = RegionOp::create(builder, function.getLoc(), end->getOperandTypes(), block.getArguments());
  Block &body = region.getBody().emplaceBlock();
  IRMapping map;
  for (BlockArgument argument : block.getArguments())
    map.map(argument, body.addArgument(argument.getType(), argument.getLoc()));
  OpBuilder inner = OpBuilder::atBlockEnd(&body);
  for (Operation &op : block.without_terminator())
    if (&op != region)
      inner.clone(op, map);
  YieldOp::create(inner, function.getLoc(),
                  llvm::map_to_vector(end->getOperands(), [&](Value v) { return map.lookup(v); }));
  end->setOperands(region.getResults());
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (&op != region && &op != end)
      op.erase();
  return region;
}

bool hasKernels(func::FuncOp function) {
  auto ops = function.getBody().front().without_terminator();
  bool isNamed = llvm::any_of(ops, [](Operation &op) { return isa<ScatterOpInterface>(op); });
  return llvm::all_of(ops, [&](Operation &op) {
    return isNamed ? isa<ScatterOpInterface>(op) && llvm::hasSingleElement(ops)
                   : isa<StructuredOpInterface, ReshapeOp>(op);
  });
}

/// Values in the sample's range, by default [-2, 2] and for integers [0, 3]; few enough different ones that some are
/// equal, and exact in each type.
HostTensor makeOperand(func::FuncOp function, unsigned argument, int64_t batch, std::mt19937 &random) {
  auto type = cast<RankedTensorType>(function.getArgument(argument).getType());
  const bool isFloat = isa<FloatType>(type.getElementType());
  auto getLimit = [&](StringRef name, double otherwise) {
    auto limit = function.getArgAttr(argument, name);
    if (auto number = dyn_cast_or_null<FloatAttr>(limit))
      return number.getValueAsDouble();
    auto whole = dyn_cast_or_null<IntegerAttr>(limit);
    return whole ? double(whole.getInt()) : otherwise;
  };
  double low = getLimit("sample.low", isFloat ? -2 : 0);
  double high = getLimit("sample.high", isFloat ? 2 : type.getElementType().isInteger(1) ? 1 : 3);
  HostTensor tensor(type.getElementType(), getShapeAt(type, batch), HostPrecision::F64);
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    double value = low + (high - low) * (random() % 513) / 512.0;
    const double steps = type.getElementType().isBF16() ? 64 : 256;
    tensor.set(i, isFloat ? std::round(value * steps) / steps : std::round(value));
  }
  return tensor;
}

/// An element as its bits in memory, and back.
llvm::APInt toBits(double value, Type element) {
  auto type = dyn_cast<FloatType>(element);
  if (!type)
    return llvm::APInt(std::max(8u, element.getIntOrFloatBitWidth()), int64_t(value), /*isSigned=*/true,
                       /*implicitTrunc=*/true);
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.bitcastToAPInt();
}

double fromBits(const llvm::APInt &bits, Type element) {
  if (auto type = dyn_cast<FloatType>(element))
    return llvm::APFloat(type.getFloatSemantics(), bits).convertToDouble();
  return element.isUnsignedInteger() ? double(bits.getZExtValue()) : double(bits.getSExtValue());
}

Bytes toBytes(const HostTensor &tensor, RankedTensorType type, int64_t batch) {
  Bytes bytes(getByteSize(type, batch));
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    llvm::APInt bits = toBits(tensor.at(i), type.getElementType());
    std::memcpy(&bytes[i * bits.getBitWidth() / 8], bits.getRawData(), bits.getBitWidth() / 8);
  }
  return bytes;
}

double readElement(const Bytes &bytes, Type element, int64_t i) {
  unsigned size = std::max(8u, element.getIntOrFloatBitWidth()) / 8;
  uint64_t raw = 0;
  std::memcpy(&raw, &bytes[i * size], size);
  return fromBits(llvm::APInt(size * 8, raw), element);
}

/// Polynomials and the order of additions cost some units in the last place, relative to the largest element.
void expectClose(const Bytes &actual, const HostTensor &expected, Type element) {
  double scale = 1;
  for (int64_t i = 0; i < expected.getNumElements(); ++i)
    if (std::isfinite(expected.at(i)))
      scale = std::max(scale, std::abs(expected.at(i)));
  const double rounding = element.isF16() ? 1e-3 : element.isBF16() ? 8e-3 : 4e-6;
  const double tolerance = isa<FloatType>(element) ? rounding * scale : 0;
  int64_t wrong = 0;
  for (int64_t i = 0; i < expected.getNumElements(); ++i) {
    double got = readElement(actual, element, i), want = expected.at(i);
    bool same = got == want || (std::isnan(got) && std::isnan(want)) || std::abs(got - want) <= tolerance;
    if (!same && ++wrong <= 3)
      ADD_FAILURE() << "element " << i << " is " << got << ", not " << want;
  }
  EXPECT_EQ(wrong, 0);
}

const std::string kFolder = GLYPTIC_SOURCE_DIR "/test/codegen";

class CompiledRegions : public testing::Test {
protected:
  CompiledRegions() {
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Returns how many functions of the file were compiled and compared.
  unsigned check(const std::string &file, ArrayRef<int64_t> batches,
                 codegen::Machine machine = codegen::Machine::Cpu) {
    OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, &context);
    if (!module) {
      ADD_FAILURE() << file << " does not parse";
      return 0;
    }
    return check(std::move(module), batches, machine);
  }

  unsigned check(OwningOpRef<ModuleOp> module, ArrayRef<int64_t> batches, codegen::Machine machine) {
    PassManager passes(&context);
    passes.addPass(createDecomposePass());
    EXPECT_TRUE(succeeded(passes.run(*module)));
    OwningOpRef<ModuleOp> meaning = module->clone();
    SmallVector<RegionOp> regions;
    for (func::FuncOp function : llvm::make_early_inc_range(module->getOps<func::FuncOp>())) {
      if (hasKernels(function))
        regions.push_back(outline(function));
      else
        function.erase();
    }
    RegionRunner runner(*module, /*times=*/nullptr, machine);
    EXPECT_EQ(runner.getError(), "");
    if (runner.getError().empty())
      for (RegionOp region : regions)
        for (int64_t batch : batches)
          checkRegion(runner, region, *meaning, batch);
    return regions.size();
  }

  unsigned checkSamples(codegen::Machine machine);

  void checkRegion(const RegionRunner &runner, RegionOp region, ModuleOp meaning, int64_t batch) {
    auto function = meaning.lookupSymbol<func::FuncOp>(region->getParentOfType<func::FuncOp>().getName());
    SCOPED_TRACE(function.getName().str());
    std::mt19937 random(7);
    std::vector<HostTensor> operands;
    std::vector<Bytes> memory;
    for (auto [i, type] : llvm::enumerate(region.getInputs().getTypes())) {
      operands.push_back(makeOperand(function, i, batch, random));
      memory.push_back(toBytes(operands.back(), cast<RankedTensorType>(type), batch));
    }
    // In FP64, so that the order of additions plays no part in what is expected.
    FailureOr<std::vector<HostTensor>> expected = interpret(function, operands, {batch, HostPrecision::F64});
    ASSERT_TRUE(succeeded(expected));
    std::vector<Bytes> whole = runner.run(region, memory, batch);
    for (auto [i, type] : llvm::enumerate(region.getResultTypes())) {
      ASSERT_EQ(whole[i].size(), getByteSize(cast<RankedTensorType>(type), batch)) << "written out of bounds";
      expectClose(whole[i], (*expected)[i], cast<RankedTensorType>(type).getElementType());
    }
    for (Division division : {Division::OneByOne, Division::Backwards, Division::Uneven})
      EXPECT_TRUE(runner.run(region, memory, batch, division) == whole) << "bits depend on the division of work";
    for (int order : {1, 2026}) {
      runner.setThreadOrder(order);
      EXPECT_TRUE(runner.run(region, memory, batch) == whole) << "bits depend on the order of threads";
    }
    runner.setThreadOrder(0);
  }

  DialectRegistry registry;
  MLIRContext context;
};


TEST_F(CompiledRegions, Chains) { EXPECT_GE(check(kFolder + "/fixtures/chains.mlir", {1, 3, 0}), 14u); }

TEST_F(CompiledRegions, Composites) { EXPECT_GE(check(kFolder + "/fixtures/composites.mlir", {1, 3, 0}), 12u); }

TEST_F(CompiledRegions, Positions) { EXPECT_EQ(check(kFolder + "/fixtures/positions.mlir", {1, 3, 0}), 9u); }

/// Every sample that is compiled; returns how many functions there are.
unsigned CompiledRegions::checkSamples(codegen::Machine machine) {
  unsigned count = 0;
  std::vector<std::string> files;
  for (auto &entry : std::filesystem::directory_iterator(kFolder + "/../dialects/Graph/samples"))
    if (entry.path().extension() == ".mlir")
      files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  for (const std::string &file : files) {
    count += check(file, kSampleBatch, machine);
  }
  return count;
}

TEST_F(CompiledRegions, EveryOpWithAStructuredForm) { EXPECT_GE(checkSamples(codegen::Machine::Cpu), 60u); }

// The same as CUDA C++, on the host shim.
TEST_F(CompiledRegions, ChainsOnTheShim) {
  EXPECT_GE(check(kFolder + "/fixtures/chains.mlir", {1, 3, 0}, codegen::Machine::Gpu), 14u);
}

TEST_F(CompiledRegions, PositionsOnTheShim) {
  EXPECT_EQ(check(kFolder + "/fixtures/positions.mlir", {1, 3, 0}, codegen::Machine::Gpu), 9u);
}

TEST_F(CompiledRegions, CompositesOnTheShim) {
  EXPECT_GE(check(kFolder + "/fixtures/composites.mlir", {1, 3, 0}, codegen::Machine::Gpu), 12u);
}

//===----------------------------------------------------------------------===//
// Every schedule, for every type and kind of row
//===----------------------------------------------------------------------===//

/// Rows of whole vectors, rows that begin anywhere, rows of which a warp takes many, rows that no registers hold.
struct Case {
  StringRef name, columns, rows;
};
constexpr Case kCases[] = {
    {"aligned", "512", "32"}, {"ragged", "77", "64"}, {"tiny", "3", "1024"}, {"huge", "20000", "2"}};

/// The function of fixtures/matrix.mlir with its letters replaced: they are dimensions and element types.
std::string instantiate(StringRef function, StringRef type, const Case &sizes) {
  StringRef computed = type == "f16" || type == "bf16" ? "f32" : type == "i1" ? "i32" : type;
  const std::map<char, StringRef> meanings = {{'T', type}, {'A', computed}, {'C', sizes.columns}, {'R', sizes.rows}};
  std::string text;
  for (size_t i = 0; i < function.size(); ++i) {
    auto meaning = meanings.find(function[i]);
    const bool isInType = i > 0 && StringRef("x<").contains(function[i - 1]) && i + 1 < function.size() &&
                          StringRef("x,>").contains(function[i + 1]);
    text += isInType && meaning != meanings.end() ? meaning->second : function.substr(i, 1);
  }
  return text.insert(text.find('('), ("_" + type + "_" + sizes.name).str());
}

class Matrix : public CompiledRegions, public testing::WithParamInterface<Case> {};

TEST_P(Matrix, OnTheShim) {
  auto file = llvm::MemoryBuffer::getFile(kFolder + "/fixtures/matrix.mlir");
  ASSERT_TRUE(bool(file));
  SmallVector<StringRef> paragraphs, types;
  (*file)->getBuffer().split(paragraphs, "\n\n");
  std::string text;
  for (StringRef paragraph : ArrayRef(paragraphs).drop_front()) {
    auto [head, function] = paragraph.split('\n');
    types.clear();
    head.split(": ").second.split(types, ' ');
    for (StringRef type : types)
      text += instantiate(function, type, GetParam());
  }
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module) << text;
  EXPECT_EQ(check(std::move(module), kSampleBatch, codegen::Machine::Gpu), 53u);
}

INSTANTIATE_TEST_SUITE_P(Rows, Matrix, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case> &info) { return info.param.name.str(); });

TEST_F(CompiledRegions, EveryOpOnTheShim) { EXPECT_GE(checkSamples(codegen::Machine::Gpu), 60u); }

} // namespace
