//===- EntryPlan.h - Which values of an entry share memory ------*- C++ -*-===//
//
// Decides, for one function of a fused program, what memory each value has: values are storages, and storages are
// united where one may be updated in place. Nothing here knows the batch: the decisions hold for all sizes, so that the
// bits of a program do not depend on it.
//
// In place is legal only where each element is last read by its writer, at the same index:
//  - a result becomes state in its place if everything that reads the old value comes before the op that makes it, or
//    is that op itself, reading pointwise. Otherwise it is computed to work memory, and copied at the end of the entry,
//    when every read of an old value is done;
//  - a result takes the work memory of an operand that dies there, under the same condition.
// The copies at the end act as one parallel assignment, so state can be swapped.
//
// A pack is the memory of its parts, which ProgramMemory has laid side by side: what reads it reads them all, and what
// makes it makes them all.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Planning/ArenaLayout.h"
#include "compiler/Planning/ProgramMemory.h"

namespace glyptic::planning {

/// Index of a storage in its entry.
using StorageId = unsigned;

struct Storage {
  plan::Arena arena;
  plan::SizeAttr size;
  unsigned begin = 0, end = 0; ///< for work memory: first and last instruction that needs it
  int64_t offset = -1;         ///< known for all other memory from the start
  mlir::Operation *def = nullptr;
  StorageId parent;            ///< itself, or the storage whose memory it shares
};

/// A flat tensor: where each of its parts lies in it, in elements.
struct Pack {
  mlir::RankedTensorType type;
  llvm::SmallVector<std::pair<StorageId, int64_t>> parts;
};

/// A tensor with a name that the caller sees.
struct Port {
  std::string name, role;
  mlir::RankedTensorType type;
  StorageId storage;
  bool mixesSamples = false; ///< of an output, as the attribute of that name says
};

class EntryPlan {
public:
  EntryPlan(mlir::func::FuncOp function, ProgramMemory &memory) : function(function), memory(memory) {}

  mlir::LogicalResult analyse();

  /// Sizes and lifetimes of all work memory for a batch, and where a layout of them goes.
  llvm::SmallVector<Lifetime> getWorkLifetimes(int64_t batch) const;
  void setWorkOffsets(llvm::ArrayRef<int64_t> offsets);

  mlir::func::FuncOp getFunction() const { return function; }
  llvm::ArrayRef<mlir::Operation *> getInstructions() const { return instructions; }
  llvm::ArrayRef<Port> getInputs() const { return inputs; }
  llvm::ArrayRef<Port> getOutputs() const { return outputs; }
  llvm::ArrayRef<std::pair<StorageId, StorageId>> getEndCopies() const { return endCopies; }
  const Storage &getStorage(mlir::Value value) const { return get(storageOf.lookup(value)); }
  const Storage &get(StorageId id) const { return storages[find(id)]; }
  /// Memory that a region or a library call needs for itself.
  llvm::ArrayRef<StorageId> getScratch(mlir::Operation *op) const;
  /// Whether no entry of the program ever writes the value's memory.
  bool isFixed(mlir::Value value) const;

private:
  struct Use {
    unsigned instruction;
    mlir::OpOperand *operand;
  };

  StorageId addStorage(plan::Arena arena, plan::SizeAttr size, int64_t offset = -1);
  StorageId addWork(mlir::Type tensor, unsigned begin, unsigned end);
  StorageId find(StorageId id) const;
  void extend(StorageId id, unsigned end);

  mlir::LogicalResult addArguments();
  mlir::LogicalResult addInstruction(mlir::Operation *op);
  void addUse(StorageId storage, unsigned instruction, mlir::OpOperand *operand);
  void addPack(mlir::Value whole, StorageId storage, llvm::ArrayRef<StorageId> parts, mlir::TypeRange types);
  mlir::LogicalResult addUnpack(mlir::Operation *op);
  mlir::LogicalResult placePacks();
  mlir::LogicalResult addBody();
  mlir::LogicalResult checkResults();
  void bindStateResults();
  bool mayBecome(StorageId state, StorageId result, mlir::Value value) const;
  bool readsPointwise(mlir::Operation *op, StorageId storage, mlir::Value result, StorageId part) const;
  int64_t getPosition(StorageId whole, StorageId part) const;
  void reuseDyingOperands();
  void shareOperand(mlir::Operation *op, unsigned index, mlir::Value result);
  void addResults();
  bool isOverwritten(StorageId state) const;
  void sequentialise(llvm::SmallVector<std::pair<StorageId, StorageId>> copies);

  /// Storage that the function result of this index must end in; nullopt for outputs.
  std::optional<StorageId> getTarget(unsigned result) const;
  llvm::StringRef getResultAttr(unsigned result, llvm::StringRef name) const;
  mlir::Operation *getReturn() const { return mlir::func::FuncOp(function).getBody().front().getTerminator(); }
  unsigned getEnd() const { return instructions.size(); }

  mlir::func::FuncOp function;
  ProgramMemory &memory;
  std::vector<Storage> storages;
  llvm::DenseMap<mlir::Value, StorageId> storageOf;
  llvm::StringMap<StorageId> persistent;
  std::vector<mlir::Operation *> instructions;
  std::vector<llvm::SmallVector<Use>> uses; ///< by storage
  llvm::MapVector<StorageId, Pack> packs;   ///< by the storage of the whole
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<StorageId>> scratch;
  llvm::SmallVector<Port> inputs, outputs;
  llvm::SmallVector<std::pair<StorageId, StorageId>> endCopies; ///< from, to; in order
};

} // namespace glyptic::planning
