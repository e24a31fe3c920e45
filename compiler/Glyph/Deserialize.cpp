//===- Deserialize.cpp - program.fb to plan.program -------------===//
//
// Reads programs that have passed FlatBuffers' verifier; what else may be wrong with them the plan dialect's verifiers
// find.
//
//===----------------------------------------------------------------------===//
#include "compiler/Glyph/Serialize.h"
#include "dialects/Graph/BatchDims.h"
#include "dialects/Plan/PlanBuilder.h"

using namespace mlir;
using namespace glyptic::plan;

namespace glyptic {
namespace {

Type toElementType(Builder &builder, DType type) {
  switch (type) {
  case DType::F32: return builder.getF32Type();
  case DType::F64: return builder.getF64Type();
  case DType::F16: return builder.getF16Type();
  case DType::BF16: return builder.getBF16Type();
  case DType::I8:
  case DType::I16:
  case DType::I32:
  case DType::I64: return builder.getIntegerType(8 * sizeOf(type));
  case DType::U8:
  case DType::U16:
  case DType::U32:
  case DType::U64: return builder.getIntegerType(8 * sizeOf(type), /*isSigned=*/false);
  case DType::Bool: return builder.getI1Type();
  }
  return {};
}

StringRef toRef(const flatbuffers::String *text) { return text ? StringRef(text->data(), text->size()) : StringRef(); }

/// An absent vector is an empty one.
template <typename T> auto range(const flatbuffers::Vector<T> *vector) {
  using Iterator = typename flatbuffers::Vector<T>::const_iterator;
  return vector ? llvm::make_range(vector->begin(), vector->end())
                : llvm::make_range(Iterator(nullptr, 0), Iterator(nullptr, 0));
}

class Reader {
public:
  Reader(const glyph::Program &program, ProgramOp op)
      : program(program), builder(op), b(builder.getBuilder()), loc(op.getLoc()) {}

  void read() {
    for (const glyph::StateEntry *entry : range(program.state())) {
      DenseI64ArrayAttr permutation;
      if (entry->permutation() && entry->permutation()->size())
        permutation = b.getDenseI64ArrayAttr(llvm::to_vector_of<int64_t>(range(entry->permutation())));
      const glyph::Tensor *tensor = entry->tensor();
      Value memory = buffer(tensor->buffer());
      builder.create<StateOp>(loc, string(tensor->name()), string(tensor->role()), memory, TypeAttr::get(type(tensor)),
                              permutation, entry->stored() ? b.getUnitAttr() : UnitAttr());
    }
    for (const glyph::Tensor *tensor : range(program.accumulators()))
      readTensor<AccumulatorOp>(tensor);
    for (const glyph::Range *entry : range(program.ranges()))
      builder.create<RangeOp>(loc, string(entry->tensor()), b.getI64IntegerAttr(entry->low()),
                              b.getI64IntegerAttr(entry->high()),
                              entry->ignored() ? b.getI64IntegerAttr(*entry->ignored()) : IntegerAttr());
    for (const glyph::Entry *entry : range(program.entries())) {
      builder.openEntry(loc, toRef(entry->name()));
      for (const glyph::Tensor *tensor : range(entry->inputs()))
        readTensor<InputOp>(tensor);
      for (const glyph::Tensor *tensor : range(entry->outputs()))
        readTensor<OutputOp>(tensor, tensor->mixes_samples());
      for (const glyph::Instruction *instruction : range(entry->instructions()))
        readInstruction(*instruction);
    }
  }

private:
  StringAttr string(const flatbuffers::String *text) { return b.getStringAttr(toRef(text)); }
  SizeAttr size(const glyph::Size &size) { return SizeAttr::get(b.getContext(), size.constant(), size.per_batch()); }
  Value buffer(const glyph::Buffer *piece) {
    return builder.getBuffer(static_cast<Arena>(piece->arena()), piece->offset(), size(piece->size()));
  }

  ArrayAttr boundaries(const glyph::Instruction &instruction) {
    SmallVector<Attribute> list;
    for (const glyph::Boundary *boundary : range(instruction.apart()))
      list.push_back(BoundaryAttr::get(b.getContext(), boundary->producer(), size(*boundary->bytes()),
                                       string(boundary->reason())));
    return list.empty() ? ArrayAttr() : b.getArrayAttr(list);
  }

  RankedTensorType type(const glyph::Tensor *tensor) {
    SmallVector<graph::Dim> dims;
    for (const glyph::Dim *dim : range(tensor->dims()))
      dims.push_back({static_cast<int64_t>(dim->scale()), dim->batched()});
    return graph::getTensorType(dims, toElementType(b, tensor->dtype()));
  }

  template <typename Op, typename... More> void readTensor(const glyph::Tensor *tensor, More... more) {
    Value memory = buffer(tensor->buffer());
    builder.create<Op>(loc, toRef(tensor->name()), toRef(tensor->role()), memory, type(tensor), more...);
  }

  void readInstruction(const glyph::Instruction &instruction) {
    SizeAttr flops = size(*instruction.flops()), bytes = size(*instruction.bytes());
    StringAttr label = toRef(instruction.label()).empty() ? StringAttr() : string(instruction.label());
    if (const glyph::Launch *launch = instruction.action_as_Launch()) {
      SmallVector<Value> buffers = llvm::map_to_vector(
          range(launch->buffers()), [&](const glyph::Buffer *piece) -> Value { return buffer(piece); });
      builder.create<LaunchOp>(loc, FlatSymbolRefAttr::get(string(launch->symbol())), buffers,
                               b.getDenseI64ArrayAttr(llvm::to_vector_of<int64_t>(range(launch->writes()))),
                               size(*launch->chunks()), b.getI64IntegerAttr(launch->grain()),
                               launch->threads() ? b.getI64IntegerAttr(launch->threads()) : IntegerAttr(),
                               launch->threads() ? b.getI64IntegerAttr(launch->chunks_per_block()) : IntegerAttr(),
                               flops, bytes, label, boundaries(instruction));
    } else if (const glyph::LibraryCall *call = instruction.action_as_LibraryCall()) {
      readCall(*call, flops, bytes, label);
    } else if (const glyph::Copy *copy = instruction.action_as_Copy()) {
      Value source = buffer(copy->source()), target = buffer(copy->target());
      builder.create<CopyOp>(loc, source, target, flops, bytes, label);
    }
  }

  void readCall(const glyph::LibraryCall &call, SizeAttr flops, SizeAttr bytes, StringAttr label) {
    SmallVector<Value> buffers;
    SmallVector<Type> types;
    for (const glyph::Tensor *tensor : range(call.operands())) {
      buffers.push_back(buffer(tensor->buffer()));
      types.push_back(type(tensor));
    }
    const size_t sources = buffers.size() - std::min<size_t>(buffers.size(), call.results());
    SmallVector<NamedAttribute> parameters;
    for (const glyph::Parameter *parameter : range(call.parameters()))
      parameters.push_back(b.getNamedAttr(
          toRef(parameter->name()), b.getDenseI64ArrayAttr(llvm::to_vector_of<int64_t>(range(parameter->values())))));
    auto signature = b.getFunctionType(ArrayRef(types).take_front(sources), ArrayRef(types).drop_front(sources));
    Value workspace = call.workspace() ? buffer(call.workspace()) : Value();
    builder.create<LibraryCallOp>(loc, string(call.routine()), ArrayRef(buffers).take_front(sources),
                                  ArrayRef(buffers).drop_front(sources), workspace, TypeAttr::get(signature),
                                  b.getDictionaryAttr(parameters), flops, bytes, label);
  }

  const glyph::Program &program;
  PlanBuilder builder;
  OpBuilder &b;
  Location loc;
};

} // namespace

OwningOpRef<ModuleOp> fromGlyphProgram(MLIRContext &context, const glyph::Program &program) {
  context.loadDialect<PlanDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  ArrayRef<char> constants;
  if (program.constants())
    constants = {reinterpret_cast<const char *>(program.constants()->data()), program.constants()->size()};
  ProgramOp op =
      createProgram(builder, module->getLoc(), toRef(program.target()), program.threads(), program.max_batch(),
                    llvm::to_vector_of<int64_t>(range(program.arena_sizes())), constants);
  Reader(program, op).read();
  return module;
}

} // namespace glyptic
