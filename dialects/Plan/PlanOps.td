//===- PlanOps.td - When and where ------------------------------*- tablegen -*-===//

#ifndef GLYPTIC_PLAN_OPS_TD
#define GLYPTIC_PLAN_OPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"

def PlanDialect : Dialect {
  let name = "plan";
  let cppNamespace = "::glyptic::plan";
  let summary = "When and where: buffers in arenas, launches, library calls, copies.";
  let description = [{
    A `plan.program` is what a glyph holds, fact for fact (support/glyph/program.fbs): which pieces of which arena hold
    the state, and for each entry what the caller writes and reads, and the instructions between, in order.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<PlanDialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Attributes and types
//===----------------------------------------------------------------------===//

def Plan_Arena : I32EnumAttr<"Arena", "a block of memory that lives as long as a session", [
    I32EnumAttrCase<"State", 0, "state">, I32EnumAttrCase<"Accumulator", 1, "accumulator">,
    I32EnumAttrCase<"Work", 2, "work">, I32EnumAttrCase<"Constant", 3, "constant">]> {
  let cppNamespace = "::glyptic::plan";
  let genSpecializedAttr = 0;
}
def Plan_ArenaAttr : EnumAttr<PlanDialect, Plan_Arena, "arena">;

def Plan_SizeAttr : AttrDef<PlanDialect, "Size"> {
  let mnemonic = "size";
  let summary = "A count or a number of bytes: constant + perBatch * batch";
  let parameters = (ins "int64_t":$constant, DefaultValuedParameter<"int64_t", "0">:$perBatch);
  let assemblyFormat = "`<` $constant (`+` $perBatch^ `*` `batch`)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Saturates at kMaxSize.
    int64_t at(int64_t batch) const;
  }];
}

def Plan_BufferType : TypeDef<PlanDialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "A piece of an arena";
}
def Plan_Buffer : DialectType<PlanDialect, CPred<"::llvm::isa<::glyptic::plan::BufferType>($_self)">, "buffer">,
                  BuildableType<"$_builder.getType<::glyptic::plan::BufferType>()">;

def Plan_BoundaryAttr : AttrDef<PlanDialect, "Boundary"> {
  let mnemonic = "boundary";
  let summary = "Why two kernels are not one";
  let description = "The one that has it reads `bytes` which instruction `producer` of the entry makes.";
  let parameters = (ins "int64_t":$producer, "::glyptic::plan::SizeAttr":$bytes, "::mlir::StringAttr":$reason);
  let assemblyFormat = "`<` $producer `:` $bytes `,` $reason `>`";
}
def Plan_BoundaryArrayAttr : TypedArrayAttrBase<Plan_BoundaryAttr, "boundaries of a kernel">;

def Plan_InstructionInterface : OpInterface<"InstructionInterface"> {
  let cppNamespace = "::glyptic::plan";
  let description = "One step of an entry. Its memory is read and written whole.";
  let methods = [
    InterfaceMethod<"", "::llvm::SmallVector<::mlir::Value>", "getReadBuffers", (ins)>,
    InterfaceMethod<"", "::llvm::SmallVector<::mlir::Value>", "getWrittenBuffers", (ins)>,
    InterfaceMethod<"Whether a written buffer may be a read one.", "bool", "mayUpdateInPlace", (ins)>,
    InterfaceMethod<"Operations on elements.", "::glyptic::plan::SizeAttr", "getFlops", (ins)>,
    InterfaceMethod<"Bytes of the memory it reads and writes.", "::glyptic::plan::SizeAttr", "getBytes", (ins)>,
    InterfaceMethod<"ONNX nodes it serves.", "::std::optional<::llvm::StringRef>", "getLabel", (ins)>,
  ];
}

//===----------------------------------------------------------------------===//
// Program and entries
//===----------------------------------------------------------------------===//

def Plan_ProgramOp : Plan_Op<"program", [NoTerminator, SingleBlock, SymbolTable, IsolatedFromAbove]> {
  let summary = "a planned program";
  let description = [{
    `arenas` are the sizes in bytes of the state, accumulator, work and constant arenas for `max_batch` samples;
    `constants` is the content of the last.
  }];
  let arguments = (ins StrAttr:$target, I64Attr:$threads, I64Attr:$max_batch, DenseI64ArrayAttr:$arenas,
                       OptionalAttr<ElementsAttr>:$constants);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $target `threads` $threads `max_batch` $max_batch `arenas` $arenas (`constants` $constants^)?
      attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Plan_EntryOp : Plan_Op<"entry", [NoTerminator, SingleBlock, Symbol, HasParent<"ProgramOp">]> {
  let summary = "what one call of the program does";
  let description = [{
    Nothing that is read later may be written over, and nothing is read before it is written: state and accumulators
    are there before and after, inputs before, outputs after.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Plan_BufferOp : Plan_Op<"buffer"> {
  let summary = "a piece of an arena; its offset is a multiple of 64 and laid out for the largest batch";
  let arguments = (ins Plan_ArenaAttr:$arena, I64Attr:$offset, Plan_SizeAttr:$size);
  let results = (outs Plan_Buffer:$result);
  let assemblyFormat = "$arena `[` $offset `]` $size attr-dict";
  let hasVerifier = 1;
}

/// A tensor that has a name outside the program.
class Plan_TensorOp<string mnemonic, string parent> : Plan_Op<mnemonic, [HasParent<parent>]> {
  let arguments = (ins StrAttr:$name, StrAttr:$role, Plan_Buffer:$buffer, TypeAttr:$tensor);
  let assemblyFormat = "$name `role` $role $buffer `:` $tensor attr-dict";
  let hasVerifier = 1;
}

def Plan_StateOp : Plan_TensorOp<"state", "ProgramOp"> {
  let summary = "a tensor that outlives a step";
  let description = [{
    Memory dimension i is dimension `permutation[i]` of the shape under which the tensor is saved. Its initial value is
    in the glyph if `stored`, else zeros.
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$role, Plan_Buffer:$buffer, TypeAttr:$tensor,
                       OptionalAttr<DenseI64ArrayAttr>:$permutation, UnitAttr:$stored);
  let assemblyFormat = [{
    $name `role` $role $buffer `:` $tensor (`permutation` $permutation^)? (`stored` $stored^)? attr-dict
  }];
}

def Plan_AccumulatorOp : Plan_TensorOp<"accumulator", "ProgramOp"> {
  let summary = "a sum over microbatches; zero before the first";
}
def Plan_InputOp : Plan_TensorOp<"input", "EntryOp"> {
  let summary = "written by the caller before the run, and kept until its end";
}
def Plan_OutputOp : Plan_TensorOp<"output", "EntryOp"> {
  let summary = "read by the caller after the run";
  let description = [{
    With `mixes_samples` what it says of a sample may depend on the other samples of the run: samples that belong together
    must not be divided among runs.
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$role, Plan_Buffer:$buffer, TypeAttr:$tensor, UnitAttr:$mixes_samples);
  let assemblyFormat = "$name `role` $role $buffer `:` $tensor (`mixes_samples` $mixes_samples^)? attr-dict";
}

def Plan_RangeOp : Plan_Op<"range", [HasParent<"ProgramOp">]> {
  let summary = "an integer input must lie in [low, high), or be `ignored`";
  let arguments = (ins StrAttr:$tensor, I64Attr:$low, I64Attr:$high, OptionalAttr<I64Attr>:$ignored);
  let assemblyFormat = "$tensor `from` $low `to` $high (`ignored` $ignored^)? attr-dict";
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

class Plan_InstructionOp<string mnemonic, list<Trait> traits = []>
    : Plan_Op<mnemonic, !listconcat(traits, [HasParent<"EntryOp">,
                                             DeclareOpInterfaceMethods<Plan_InstructionInterface>])>;

def Plan_LaunchOp : Plan_InstructionOp<"launch"> {
  let summary = "runs a generated kernel over all of its chunks";
  let description = [{
    `writes` are the positions in `buffers` that it writes. On a GPU its blocks have so many `threads`, and each works on
    `chunks_per_block` chunks. `apart` says for kernels whose results it reads what kept them from being one with it.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<Plan_Buffer>:$buffers, DenseI64ArrayAttr:$writes,
                       Plan_SizeAttr:$chunks, I64Attr:$grain, OptionalAttr<I64Attr>:$threads,
                       OptionalAttr<I64Attr>:$chunks_per_block, Plan_SizeAttr:$flops, Plan_SizeAttr:$bytes,
                       OptionalAttr<StrAttr>:$label, OptionalAttr<Plan_BoundaryArrayAttr>:$apart);
  let assemblyFormat = [{
    $kernel `(` $buffers `)` `writes` $writes `chunks` $chunks `grain` $grain
      (`blocks` `of` $threads^ `threads` `for` $chunks_per_block)? `flops` $flops `bytes` $bytes ($label^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_LibraryCallOp : Plan_InstructionOp<"library_call", [AttrSizedOperandSegments]> {
  let summary = "calls a routine of a vendor library";
  let description = [{
    What is computed, not by whom: each device has its own library for a routine. The signature has the operands' types
    and shapes, `parameters` say how they are read (which dimensions are contracted, orders of dimensions, windows).
    `workspace` is memory that the target's library may write whatever it likes to; a library that says only at run time
    what it needs has none.
  }];
  let arguments = (ins StrAttr:$routine, Variadic<Plan_Buffer>:$sources, Variadic<Plan_Buffer>:$targets,
                       Optional<Plan_Buffer>:$workspace, TypeAttrOf<FunctionType>:$signature, DictionaryAttr:$parameters, Plan_SizeAttr:$flops,
                       Plan_SizeAttr:$bytes, OptionalAttr<StrAttr>:$label);
  let assemblyFormat = [{
    $routine `(` $sources `)` `->` `(` $targets `)` (`workspace` $workspace^)? `:` $signature `parameters` $parameters
      `flops` $flops `bytes` $bytes ($label^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_CopyOp : Plan_InstructionOp<"copy"> {
  let summary = "copies memory";
  let arguments = (ins Plan_Buffer:$source, Plan_Buffer:$target, Plan_SizeAttr:$flops, Plan_SizeAttr:$bytes,
                       OptionalAttr<StrAttr>:$label);
  let assemblyFormat = "$source `to` $target `flops` $flops `bytes` $bytes ($label^)? attr-dict";
  let hasVerifier = 1;
}

#endif // GLYPTIC_PLAN_OPS_TD
