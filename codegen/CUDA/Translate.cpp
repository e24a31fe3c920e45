//===- Translate.cpp - Kernels as CUDA C++ ----------------------*- C++ -*-===//
//
// Reads as if written by hand: an expression that is used once stands where it is used, unless it grows long; values
// keep the names that their locations give them.
//
//===----------------------------------------------------------------------===//
#include "codegen/CUDA/Translate.h"
#include "codegen/CUDA/Spelling.h"
#include "codegen/Structured/GenerateKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Support/IndentedOstream.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace glyptic::codegen::cuda {

StringRef getPrelude() {
  return
#include "codegen/CUDA/Prelude.cuh"
      ;
}

namespace {

/// Characters that an expression may have before it gets a line and a name of its own.
constexpr size_t kMaxInline = 60;

/// Lines that tell which nodes a kernel serves.
constexpr size_t kMaxComments = 8;

class Translator {
public:
  explicit Translator(raw_ostream &stream) : os(stream) {}

  LogicalResult translate(gpu::GPUModuleOp module);

private:
  LogicalResult translateTable(memref::GlobalOp table);
  LogicalResult translateKernel(gpu::GPUFuncOp kernel);
  LogicalResult translateBlock(Block &block);
  LogicalResult translateOp(Operation *op);
  LogicalResult translateFor(scf::ForOp op);
  LogicalResult translateIf(scf::IfOp op);
  LogicalResult translateBranch(Region &region, ValueRange results);
  LogicalResult translateShuffle(gpu::ShuffleOp op);
  LogicalResult translateArray(Value memory, bool isShared);
  LogicalResult translateExpression(Operation *op);

  /// Writes `type name = initial;` and gives the value that name. `type` may have a `const` before it.
  LogicalResult define(Value value, const Twine &initial, bool isConst = true);
  LogicalResult declare(Value value);
  LogicalResult assign(Operation *terminator, ValueRange variables);

  bool canInline(Operation *op, const Expression &expression) const;
  bool changesAlone(Value next, const Expression &expression) const;
  FailureOr<std::string> getAddress(Operation *op, Value memory, ValueRange indices);
  Expression get(Value value) const { return expressions.lookup(value); }
  std::string getText(Value value) const { return get(value).text; }
  StringRef addName(Value value, StringRef fallback);

  raw_indented_ostream os;
  DenseMap<Value, Expression> expressions; ///< how each value that is known so far is written
  llvm::StringSet<> names;                 ///< taken in this kernel
  std::optional<Location> kernelLoc;
};

bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// A name from the location, unless that is the whole kernel's, or one that tells the kind of value.
StringRef Translator::addName(Value value, StringRef fallback) {
  std::string base = fallback.str();
  auto named = dyn_cast<NameLoc>(value.getLoc());
  if (named && value.getLoc() != kernelLoc && isIdentifier(named.getName().strref()))
    base = named.getName().str();
  if (llvm::isDigit(base.back()))
    base += '_';
  std::string name = base;
  for (unsigned i = 1; !names.insert(name).second; ++i)
    name = base + std::to_string(i);
  return (expressions[value] = {name, Precedence::Primary}).text;
}

StringRef getFallbackName(Type type) {
  if (isa<VectorType>(type))
    return "v";
  return type.isIndex() ? "i" : isa<FloatType>(type) ? "x" : type.isInteger(1) ? "is" : "n";
}

LogicalResult Translator::define(Value value, const Twine &initial, bool isConst) {
  std::string text = initial.str();
  FailureOr<std::string> type = spellType(value.getLoc(), value.getType());
  if (failed(type))
    return failure();
  os << (isConst ? "const " : "") << *type << " " << addName(value, getFallbackName(value.getType())) << " = " << text
     << ";\n";
  return success();
}

LogicalResult Translator::declare(Value value) {
  FailureOr<std::string> type = spellType(value.getLoc(), value.getType());
  if (failed(type))
    return failure();
  os << *type << " " << addName(value, getFallbackName(value.getType())) << ";\n";
  return success();
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// An expression may move to its only use, in the same block: further in, a loop would compute it again and again.
bool Translator::canInline(Operation *op, const Expression &expression) const {
  Value result = op->getResult(0);
  if (!result.hasOneUse() || expression.text.size() > kMaxInline)
    return false;
  Operation *user = *result.getUsers().begin();
  // What a team of threads does together has a line of its own.
  if (user->getBlock() != op->getBlock() || isa<gpu::AllReduceOp, gpu::SubgroupReduceOp>(op))
    return false;
  // A loop reads its bound again before each round, and its variables change meanwhile; what carries values on may
  // assign one of them before it reads the next.
  if (isa<scf::YieldOp>(user))
    return isa<scf::IfOp>(user->getParentOp()) || changesAlone(result, expression);
  return !isa<scf::ForOp, vector::ExtractOp, gpu::ShuffleOp>(user) && !user->hasTrait<OpTrait::IsTerminator>();
}

/// Whether `next`, which a loop hands on, reads no other variable that the loop changes.
bool Translator::changesAlone(Value next, const Expression &expression) const {
  auto loop = cast<scf::ForOp>(next.getParentBlock()->getParentOp());
  OpOperand &use = *next.getUses().begin();
  return llvm::none_of(llvm::enumerate(loop.getRegionIterArgs()), [&](auto carried) {
    const std::string name = getText(carried.value());
    StringRef rest = expression.text;
    while (carried.index() != use.getOperandNumber() && !rest.empty()) {
      StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
      if (word == name)
        return true;
      rest = rest.drop_front(std::max<size_t>(1, word.size()));
    }
    return false;
  });
}

LogicalResult Translator::translateExpression(Operation *op) {
  SmallVector<Expression> operands = llvm::map_to_vector(op->getOperands(), [&](Value v) { return get(v); });
  FailureOr<Expression> expression = spellOperation(op, operands);
  if (failed(expression))
    return failure();
  Value result = op->getResult(0);
  if (canInline(op, *expression) || isa<gpu::ThreadIdOp, gpu::BlockIdOp, gpu::BlockDimOp, gpu::GridDimOp>(op)) {
    expressions[result] = *expression;
    return success();
  }
  return define(result, expression->text);
}

/// `memory[i * 12u + j]`
FailureOr<std::string> Translator::getAddress(Operation *op, Value memory, ValueRange indices) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || offset != 0 || llvm::any_of(strides, ShapedType::isDynamic))
    return op->emitOpError("addresses memory whose layout is not known"), failure();
  std::string address;
  if (indices.size() == 1 && strides.front() == 1)
    return getText(memory) + "[" + getText(indices.front()) + "]";
  for (auto [index, stride] : llvm::zip_equal(indices, strides)) {
    if (!address.empty())
      address += " + ";
    address += stride == 1 ? get(index).in(Precedence::Sum)
                           : get(index).in(Precedence::Product) + " * " + std::to_string(stride) + "u";
  }
  return getText(memory) + "[" + (address.empty() ? "0" : address) + "]";
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

LogicalResult Translator::translateBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(translateOp(&op)))
      return failure();
  return success();
}

/// Gives the variables the values that a region ends with. One that is read under another's name goes through a copy.
LogicalResult Translator::assign(Operation *terminator, ValueRange variables) {
  SmallVector<std::string> values = llvm::map_to_vector(terminator->getOperands(), [&](Value v) { return getText(v); });
  SmallVector<std::string> targets = llvm::map_to_vector(variables, [&](Value v) { return getText(v); });
  for (size_t i = 0; i < values.size(); ++i) {
    auto assigned = ArrayRef(targets).take_front(i);
    if (!llvm::is_contained(assigned, values[i]))
      continue;
    std::string copy = "previous_" + values[i];
    FailureOr<std::string> type = spellType(terminator->getLoc(), variables[i].getType());
    if (failed(type))
      return failure();
    os << "const " << *type << " " << copy << " = " << values[i] << ";\n";
    values[i] = copy;
  }
  for (auto [target, value] : llvm::zip_equal(targets, values))
    if (target != value)
      os << target << " = " << value << ";\n";
  return success();
}

LogicalResult Translator::translateFor(scf::ForOp op) {
  for (auto [initial, carried] : llvm::zip_equal(op.getInitArgs(), op.getRegionIterArgs()))
    if (failed(define(carried, getText(initial), /*isConst=*/false)))
      return failure();
  if (!op.getInductionVar().getType().isIndex())
    return op.emitOpError("counts by other numbers than indices");
  StringRef i = addName(op.getInductionVar(), "i");
  APInt step;
  bool isOne = matchPattern(op.getStep(), m_ConstantInt(&step)) && step.isOne();
  os << "for (unsigned " << i << " = " << getText(op.getLowerBound()) << "; " << i << " < "
     << get(op.getUpperBound()).in(Precedence::Shift) << "; ";
  os << (isOne ? "++" + i.str() : i.str() + " += " + getText(op.getStep())) << ") {\n";
  os.indent();
  if (failed(translateBlock(*op.getBody())) || failed(assign(op.getBody()->getTerminator(), op.getRegionIterArgs())))
    return failure();
  os.unindent() << "}\n";
  for (auto [carried, result] : llvm::zip_equal(op.getRegionIterArgs(), op.getResults()))
    expressions[result] = get(carried);
  return success();
}

LogicalResult Translator::translateBranch(Region &region, ValueRange results) {
  os << "{\n";
  os.indent();
  if (failed(translateBlock(region.front())) || failed(assign(region.front().getTerminator(), results)))
    return failure();
  os.unindent() << "}";
  return success();
}

LogicalResult Translator::translateIf(scf::IfOp op) {
  for (Value result : op.getResults())
    if (failed(declare(result)))
      return failure();
  os << "if (" << getText(op.getCondition()) << ") ";
  if (failed(translateBranch(op.getThenRegion(), op.getResults())))
    return failure();
  if (!op.getElseRegion().empty()) {
    os << " else ";
    if (failed(translateBranch(op.getElseRegion(), op.getResults())))
      return failure();
  }
  os << "\n";
  return success();
}

/// All lanes of a warp take part, or the lanes read what nobody gave.
LogicalResult Translator::translateShuffle(gpu::ShuffleOp op) {
  APInt width;
  if (!matchPattern(op.getWidth(), m_ConstantInt(&width)) || width != 32)
    return op.emitOpError("is not over the 32 lanes of a warp");
  if (!op.getValid().use_empty())
    return op.emitOpError("asks which lanes took part; kernels shuffle whole warps");
  static const llvm::StringMap<StringRef> functions = {
      {"xor", "shuffleXor"}, {"down", "shuffleDown"}, {"up", "shuffleUp"}, {"idx", "shuffle"}};
  return define(op.getShuffleResult(), functions.lookup(gpu::stringifyShuffleMode(op.getMode())) + "(" +
                                           getText(op.getValue()) + ", " + getText(op.getOffset()) + ")");
}

LogicalResult Translator::translateArray(Value memory, bool isShared) {
  auto type = cast<MemRefType>(memory.getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return emitError(memory.getLoc()) << "memory of a kernel needs a size that is known: " << type;
  FailureOr<std::string> element = spellType(memory.getLoc(), type.getElementType());
  if (failed(element))
    return failure();
  StringRef name = addName(memory, isShared ? "shared" : "kept");
  if (isShared)
    os << "SHARED(" << *element << ", " << name << ", " << type.getNumElements() << ");\n";
  else // vectors of 16 bytes are loaded from it
    os << "alignas(16) " << *element << " " << name << "[" << type.getNumElements() << "];\n";
  return success();
}

LogicalResult Translator::translateOp(Operation *op) {
  auto load = [&](Operation *op, Value memory, ValueRange indices, StringRef around) -> LogicalResult {
    FailureOr<std::string> address = getAddress(op, memory, indices);
    if (failed(address))
      return failure();
    return define(op->getResult(0), around.empty() ? *address : (around + "(&" + *address + ")").str());
  };
  auto store = [&](Operation *op, Value value, Value memory, ValueRange indices) -> LogicalResult {
    FailureOr<std::string> address = getAddress(op, memory, indices);
    if (failed(address))
      return failure();
    if (isa<VectorType>(value.getType()))
      os << "store(&" << *address << ", " << getText(value) << ");\n";
    else
      os << *address << " = " << getText(value) << ";\n";
    return success();
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](arith::ConstantOp constant) -> LogicalResult {
        FailureOr<Expression> text = spellConstant(op->getLoc(), constant.getValue());
        if (failed(text))
          return failure();
        expressions[constant] = *text;
        return success();
      })
      .Case([&](scf::ForOp loop) { return translateFor(loop); })
      .Case([&](scf::IfOp branch) { return translateIf(branch); })
      .Case([&](gpu::ShuffleOp shuffle) { return translateShuffle(shuffle); })
      .Case([&](gpu::BarrierOp) { return os << "__syncthreads();\n", success(); })
      .Case([&](memref::AllocaOp array) { return translateArray(array, /*isShared=*/false); })
      .Case([&](memref::GetGlobalOp table) {
        expressions[table] = {table.getName().str()};
        return success();
      })
      .Case([&](memref::CastOp cast) { // sizes are no part of the text
        expressions[cast] = get(cast.getSource());
        return success();
      })
      .Case([&](memref::LoadOp op) { return load(op, op.getMemRef(), op.getIndices(), ""); })
      .Case([&](memref::StoreOp op) { return store(op, op.getValueToStore(), op.getMemRef(), op.getIndices()); })
      .Case([&](vector::LoadOp op) {
        std::string function = "load<" + std::to_string(op.getVectorType().getNumElements()) + ">";
        return load(op, op.getBase(), op.getIndices(), function);
      })
      .Case([&](vector::StoreOp op) { return store(op, op.getValueToStore(), op.getBase(), op.getIndices()); })
      .Default([&](Operation *other) { return translateExpression(other); });
}

//===----------------------------------------------------------------------===//
// Kernels and tables
//===----------------------------------------------------------------------===//

LogicalResult Translator::translateTable(memref::GlobalOp table) {
  auto values = dyn_cast_or_null<DenseElementsAttr>(table.getInitialValueAttr());
  FailureOr<std::string> type = spellType(table.getLoc(), table.getType().getElementType());
  if (!values || failed(type))
    return table.emitOpError("has no values");
  os << "__device__ const " << *type << " " << table.getName() << "[" << values.getNumElements() << "] = {";
  for (auto [i, value] : llvm::enumerate(values.getValues<TypedAttr>())) {
    FailureOr<Expression> number = spellConstant(table.getLoc(), value);
    if (failed(number))
      return failure();
    os << (i ? ", " : "") << number->text;
  }
  os << "};\n\n";
  return success();
}

/// Words of the prelude and of the language, which no variable may hide.
const llvm::StringSet<> &getReserved() {
  static const llvm::StringSet<> reserved = [] {
    llvm::StringSet<> words;
    for (StringRef word : {"and",     "or",      "not",       "xor",   "new",    "delete", "this",     "switch",
                           "case",    "default", "do",        "while", "goto",   "try",    "catch",    "throw",
                           "private", "public",  "protected", "long",  "signed", "auto",   "virtual",  "union",
                           "enum",    "class",   "namespace", "true",  "false",  "int",    "constexpr"})
      words.insert(word);
    StringRef rest = getPrelude();
    while (!rest.empty()) {
      if (rest.starts_with("//")) {
        rest = rest.drop_until([](char c) { return c == '\n'; });
        continue;
      }
      if (rest.starts_with("/*")) {
        rest = rest.drop_front(rest.find("*/"));
        continue;
      }
      StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
      if (word.size() > 1)
        words.insert(word);
      rest = rest.drop_front(std::max<size_t>(1, word.size()));
    }
    return words;
  }();
  return reserved;
}

LogicalResult Translator::translateKernel(gpu::GPUFuncOp kernel) {
  names = getReserved();
  kernelLoc = kernel.getLoc();
  if (!kernel.isKernel() || !llvm::hasSingleElement(kernel.getBody()))
    return kernel.emitOpError("is no kernel with structured control flow");
  std::optional<ArrayRef<int32_t>> block = kernel.getKnownBlockSize();
  if (!block)
    return kernel.emitOpError("does not say how many threads a block has (known_block_size)");
  SmallVector<std::string> parameters;
  for (BlockArgument argument : kernel.getBody().front().getArguments().take_front(kernel.getNumArguments())) {
    auto memory = dyn_cast<MemRefType>(argument.getType());
    FailureOr<std::string> type = spellType(kernel.getLoc(), memory ? memory.getElementType() : argument.getType());
    if (failed(type))
      return failure();
    bool isRead = memory && kernel.getArgAttr(argument.getArgNumber(), "llvm.readonly");
    StringRef role = !memory ? "batch" : isRead ? "in" : "out";
    bool isAlone = memory && kernel.getArgAttr(argument.getArgNumber(), "llvm.noalias");
    parameters.push_back((isRead ? "const " : "") + *type + (memory ? isAlone ? " *__restrict__ " : " *" : " ") +
                         addName(argument, role).str());
  }
  if (auto regions = kernel->getAttrOfType<ArrayAttr>(kNodesAttr)) {
    for (Attribute nodes : regions.getValue().take_front(kMaxComments)) {
      // A line that ends in a backslash would take the next one with it.
      std::string line = cast<StringAttr>(nodes).str();
      std::replace_if(
          line.begin(), line.end(), [](char c) { return c == '\\' || !llvm::isPrint(c); }, '_');
      os << "// " << line << "\n";
    }
    if (regions.size() > kMaxComments)
      os << "// and " << regions.size() - kMaxComments << " others\n";
  }
  os << "extern \"C\" __global__ void __launch_bounds__(" << (*block)[0] * (*block)[1] * (*block)[2] << ")\n"
     << kernel.getName() << "(" << llvm::join(parameters, ", ") << ") {\n";
  os.indent();
  for (BlockArgument shared : kernel.getWorkgroupAttributions())
    if (failed(translateArray(shared, /*isShared=*/true)))
      return failure();
  if (failed(translateBlock(kernel.getBody().front())))
    return failure();
  os.unindent() << "}\n\n";
  return success();
}

LogicalResult Translator::translate(gpu::GPUModuleOp module) {
  for (Operation &op : *module.getBody()) {
    LogicalResult done = llvm::TypeSwitch<Operation *, LogicalResult>(&op)
                             .Case([&](memref::GlobalOp table) { return translateTable(table); })
                             .Case([&](gpu::GPUFuncOp kernel) { return translateKernel(kernel); })
                             .Default([](Operation *other) { return other->emitOpError("is no kernel and no table"); });
    if (failed(done))
      return failure();
  }
  return success();
}

} // namespace

LogicalResult translateToCuda(gpu::GPUModuleOp module, raw_ostream &os) { return Translator(os).translate(module); }

} // namespace glyptic::codegen::cuda
