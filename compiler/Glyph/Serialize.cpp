//===- Serialize.cpp - plan.program to program.fb ---------------===//
#include "compiler/Glyph/Serialize.h"
#include "dialects/Graph/BatchDims.h"
#include "support/glyph/Glyph.h"

using namespace mlir;
using namespace glyptic::plan;

namespace glyptic {

std::optional<DType> toDataType(Type type) {
  return llvm::TypeSwitch<Type, std::optional<DType>>(type)
      .Case<Float32Type>([](Type) { return DType::F32; })
      .Case<Float64Type>([](Type) { return DType::F64; })
      .Case<Float16Type>([](Type) { return DType::F16; })
      .Case<BFloat16Type>([](Type) { return DType::BF16; })
      .Case<IntegerType>([](IntegerType integer) -> std::optional<DType> {
        const bool isUnsigned = integer.isUnsigned();
        switch (integer.getWidth()) {
        case 1:
          return DType::Bool;
        case 8:
          return isUnsigned ? DType::U8 : DType::I8;
        case 16:
          return isUnsigned ? DType::U16 : DType::I16;
        case 32:
          return isUnsigned ? DType::U32 : DType::I32;
        case 64:
          return isUnsigned ? DType::U64 : DType::I64;
        }
        return std::nullopt;
      })
      .Default([](Type) { return std::nullopt; });
}

namespace {

glyph::Size toSize(SizeAttr size) { return glyph::Size(size.getConstant(), size.getPerBatch()); }

std::unique_ptr<glyph::Size> makeSize(SizeAttr size) { return std::make_unique<glyph::Size>(toSize(size)); }

glyph::Buffer toBuffer(Value value) {
  auto buffer = value.getDefiningOp<BufferOp>();
  return glyph::Buffer(static_cast<glyph::Arena>(buffer.getArena()), buffer.getOffset(), toSize(buffer.getSize()));
}

std::vector<glyph::Buffer> toBuffers(ValueRange values) {
  auto buffers = llvm::map_range(values, toBuffer);
  return {buffers.begin(), buffers.end()};
}

class Writer {
public:
  LogicalResult write(ProgramOp op) {
    program.format = glyph::kFormat;
    program.target = op.getTarget().str();
    program.threads = op.getThreads();
    program.max_batch = op.getMaxBatch();
    program.arena_sizes.assign(op.getArenas().begin(), op.getArenas().end());
    if (std::optional<ElementsAttr> constants = op.getConstants())
      for (int8_t byte : constants->getValues<int8_t>())
        program.constants.push_back(byte);
    for (Operation &child : op.getBody().front())
      if (failed(writeChild(&child)))
        return failure();
    return success();
  }

  glyph::ProgramT program;

private:
  LogicalResult writeChild(Operation *op) {
    if (auto state = dyn_cast<StateOp>(op)) {
      auto entry = std::make_unique<glyph::StateEntryT>();
      if (std::optional<ArrayRef<int64_t>> permutation = state.getPermutation())
        entry->permutation.assign(permutation->begin(), permutation->end());
      entry->stored = state.getStored();
      if (failed(writeTensor(state, entry->tensor)))
        return failure();
      program.state.push_back(std::move(entry));
    } else if (auto accumulator = dyn_cast<AccumulatorOp>(op)) {
      return writeTensor(accumulator, program.accumulators.emplace_back());
    } else if (auto range = dyn_cast<RangeOp>(op)) {
      auto &entry = program.ranges.emplace_back(std::make_unique<glyph::RangeT>());
      entry->tensor = range.getTensor().str();
      entry->low = range.getLow();
      entry->high = range.getHigh();
      if (std::optional<uint64_t> ignored = range.getIgnored())
        entry->ignored = static_cast<int64_t>(*ignored);
    } else if (auto entry = dyn_cast<EntryOp>(op)) {
      return writeEntry(entry);
    }
    return success();
  }

  template <typename Op> LogicalResult writeTensor(Op op, std::unique_ptr<glyph::TensorT> &tensor) {
    return writeTensor(op, op.getName(), op.getRole(), op.getTensor(), op.getBuffer(), tensor);
  }

  LogicalResult writeTensor(Operation *op, StringRef name, StringRef role, Type type, Value buffer,
                            std::unique_ptr<glyph::TensorT> &tensor) {
    auto ranked = cast<RankedTensorType>(type);
    std::optional<DType> dtype = toDataType(ranked.getElementType());
    if (!dtype)
      return op->emitError() << "'" << name << "' has elements of type " << ranked.getElementType()
                             << ", which programs cannot hold";
    tensor = std::make_unique<glyph::TensorT>();
    tensor->name = name.str();
    tensor->role = role.str();
    tensor->dtype = *dtype;
    for (graph::Dim dim : graph::getDims(ranked))
      tensor->dims.emplace_back(dim.scale, dim.batched);
    tensor->buffer = std::make_unique<glyph::Buffer>(toBuffer(buffer));
    return success();
  }

  LogicalResult writeEntry(EntryOp op) {
    auto &entry = *program.entries.emplace_back(std::make_unique<glyph::EntryT>());
    entry.name = op.getSymName().str();
    for (Operation &child : op.getBody().front())
      if (auto input = dyn_cast<InputOp>(child)) {
        if (failed(writeTensor(input, entry.inputs.emplace_back())))
          return failure();
      } else if (auto output = dyn_cast<OutputOp>(child)) {
        if (failed(writeTensor(output, entry.outputs.emplace_back())))
          return failure();
        entry.outputs.back()->mixes_samples = output.getMixesSamples();
      } else if (auto instruction = dyn_cast<InstructionInterface>(child)) {
        if (failed(writeInstruction(instruction, *entry.instructions.emplace_back(new glyph::InstructionT))))
          return failure();
      }
    return success();
  }

  LogicalResult writeInstruction(InstructionInterface op, glyph::InstructionT &instruction) {
    instruction.label = op.getLabel().value_or("").str();
    instruction.flops = makeSize(op.getFlops());
    instruction.bytes = makeSize(op.getBytes());
    return llvm::TypeSwitch<Operation *, LogicalResult>(op.getOperation())
        .Case([&](LaunchOp launch) {
          glyph::LaunchT action;
          action.symbol = launch.getKernel().str();
          action.buffers = toBuffers(launch.getBuffers());
          action.writes.assign(launch.getWrites().begin(), launch.getWrites().end());
          action.chunks = makeSize(launch.getChunks());
          action.grain = launch.getGrain();
          action.threads = launch.getThreads().value_or(0);
          action.chunks_per_block = launch.getChunksPerBlock().value_or(1);
          if (std::optional<ArrayAttr> apart = launch.getApart())
            for (auto boundary : apart->getAsRange<BoundaryAttr>()) {
              auto &entry = *instruction.apart.emplace_back(std::make_unique<glyph::BoundaryT>());
              entry.producer = boundary.getProducer();
              entry.bytes = makeSize(boundary.getBytes());
              entry.reason = boundary.getReason().str();
            }
          instruction.action.Set(std::move(action));
          return success();
        })
        .Case([&](LibraryCallOp call) { return writeCall(call, instruction); })
        .Case([&](CopyOp copy) {
          glyph::CopyT action;
          action.source = std::make_unique<glyph::Buffer>(toBuffer(copy.getSource()));
          action.target = std::make_unique<glyph::Buffer>(toBuffer(copy.getTarget()));
          instruction.action.Set(std::move(action));
          return success();
        })
        .Default([](Operation *unknown) { return unknown->emitError("has no place in a glyph"); });
  }

  LogicalResult writeCall(LibraryCallOp op, glyph::InstructionT &instruction) {
    glyph::LibraryCallT call;
    call.routine = op.getRoutine().str();
    call.results = op.getTargets().size();
    auto signature = cast<FunctionType>(op.getSignature());
    auto write = [&](ValueRange buffers, TypeRange types) {
      for (auto [buffer, type] : llvm::zip_equal(buffers, types))
        if (failed(writeTensor(op, "", "", type, buffer, call.operands.emplace_back())))
          return failure();
      return success();
    };
    if (failed(write(op.getSources(), signature.getInputs())) || failed(write(op.getTargets(), signature.getResults())))
      return failure();
    for (NamedAttribute parameter : op.getParameters()) {
      auto &entry = *call.parameters.emplace_back(std::make_unique<glyph::ParameterT>());
      entry.name = parameter.getName().str();
      ArrayRef<int64_t> values = cast<DenseI64ArrayAttr>(parameter.getValue());
      entry.values.assign(values.begin(), values.end());
    }
    if (op.getWorkspace())
      call.workspace = std::make_unique<glyph::Buffer>(toBuffer(op.getWorkspace()));
    instruction.action.Set(std::move(call));
    return success();
  }
};

} // namespace

FailureOr<glyph::ProgramT> toGlyphProgram(ProgramOp program) {
  Writer writer;
  if (failed(writer.write(program)))
    return failure();
  return std::move(writer.program);
}

std::string pack(const glyph::ProgramT &program) {
  flatbuffers::FlatBufferBuilder builder;
  glyph::FinishProgramBuffer(builder, glyph::Program::Pack(builder, &program));
  return std::string(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
}

} // namespace glyptic
