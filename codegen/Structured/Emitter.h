//===- Emitter.h - Structured values as loops, vectors and loads -*- C++ -*-===//
//
// The heart of code generation: `emit(value, index)` computes one element - or a vector of neighbours - of a tensor
// value, producers included, in the innermost loop that its index depends on. What does not depend on an inner loop is
// thus computed outside it, and computed once: a softmax is emitted as a pointwise kernel over [rows, columns] whose
// two reductions depend on the row alone.
//
// Emitted are scf, arith, math, vector and memref over flat row-major buffers; nothing here knows a target.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "codegen/Structured/Access.h"
#include "codegen/Structured/Mapping.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include <deque>
#include <numeric>

namespace glyptic::codegen {

/// A loop body, a branch, or the function itself.
struct Scope {
  Scope(Scope *parent, mlir::OpBuilder builder, mlir::scf::ForOp loop = {})
      : parent(parent), depth(parent ? parent->depth + 1 : 0), builder(builder), loop(loop),
        isShared(!parent || parent->isShared) {}

  Scope *parent;
  unsigned depth;
  mlir::OpBuilder builder; ///< before the innermost open loop inside, else at the end
  mlir::scf::ForOp loop;
  bool isShared = true; ///< all threads of a team are here together, so that they can combine what each of them has
  llvm::DenseMap<std::pair<mlir::Value, mlir::AffineMap>, mlir::Value> values; ///< what is already computed here
};

/// A loop bound: a constant where it is known, which lets the remainder of a vector loop be one narrower vector.
struct Bound {
  std::optional<int64_t> constant;
  mlir::Value value;
  int64_t divisor = 1; ///< of the value, where it is not known
};

/// What is known of the numbers that a loop runs through: they begin at a multiple of `divisor`, and lie between the
/// bounds where these are known.
struct LoopNumbers {
  LoopNumbers() = default;
  LoopNumbers(const Bound &lower, const Bound &upper, int64_t step)
      : divisor(std::gcd(lower.constant.value_or(lower.divisor), step)), first(lower.constant), end(upper.constant) {}

  int64_t divisor = 1;
  std::optional<int64_t> first, end;
};

/// Part `number` of `count` of the iterations of the outermost reduction loop, whose combination is a partial result.
struct Part {
  Scope *scope; ///< where the number is known
  mlir::Value number;
  int64_t count;
};

/// The elements of a row that a thread of a team keeps in registers: of each of its vectors, where it begins. All loops
/// over the row use these variables, so what one of them has loaded or computed the next one finds.
struct Rounds {
  Dim size; ///< of the row
  int64_t width = 1;
  llvm::SmallVector<mlir::AffineExpr> variables;
  /// Whether the last vector lies inside of the row; null where it always does. Where it does not, it is another
  /// thread's, that what is loaded exists; it is neither counted nor stored.
  mlir::Value isInside;
};

/// The op that combines two elements, and the value that changes nothing.
struct Combiner {
  mlir::Operation *op;
  mlir::TypedAttr neutral;
};
/// nullopt where elements must be taken in order (the position of a maximum).
std::optional<Combiner> getCombiner(mlir::linalg::GenericOp op, unsigned result);
bool hasCombiners(mlir::linalg::GenericOp op);
mlir::vector::CombiningKind getCombiningKind(mlir::Operation *combiner);
llvm::SmallVector<Dim> getReductionSizes(mlir::linalg::GenericOp op);

class Emitter {
public:
  /// `lanes`: elements of the vectors along contiguous dimensions.
  Emitter(mlir::FunctionOpInterface function, mlir::Value batch, int64_t lanes, Machine machine = Machine::Cpu);

  /// Reads `tensor` from `buffer` (memref<?xT>) instead of computing it.
  void setBuffer(mlir::Value tensor, mlir::Value buffer) { buffers[tensor] = buffer; }
  bool isMemory(mlir::Value tensor) const { return buffers.contains(tensor) || tables.contains(tensor); }

  /// The element of `tensor` at `index`: a scalar, or a vector if the index runs along a vector loop.
  mlir::Value emit(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> index);
  /// Computes reductions over equal loops in one pass; later `emit`s find their results. `part`, if set, restricts
  /// the outermost reduction loop, whose partial results are returned and not remembered.
  llvm::SmallVector<mlir::Value> emitReductions(llvm::ArrayRef<ReductionUse> uses, const Part *part = nullptr);

  /// Clones a body on the emitted operands; returns what it yields. `accumulators` stand for the reduced outputs.
  llvm::SmallVector<mlir::Value> emitBody(mlir::linalg::GenericOp op, llvm::ArrayRef<mlir::AffineExpr> loopIndex,
                                          mlir::ValueRange accumulators, Scope &scope);
  /// From now on each element of `tensor` that is computed is kept in a buffer of this kernel; `tensor` has static
  /// dimensions apart from `row`, the leading ones.
  void keep(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> row);
  /// What is kept is complete for this row: from now on it is read, not computed.
  void readKept(mlir::Value tensor) { kept[tensor].isComplete = true; }
  void remember(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> index, mlir::Value value);

  mlir::Value load(mlir::Value buffer, mlir::RankedTensorType type, llvm::ArrayRef<mlir::AffineExpr> index,
                   Scope &scope);
  void store(mlir::Value value, mlir::Value buffer, mlir::RankedTensorType type,
             llvm::ArrayRef<mlir::AffineExpr> index, Scope &scope);

  Scope &getRoot() { return scopes.front(); }
  mlir::Value getBatch() const { return batch; }
  int64_t getLanes() const { return lanes; }
  Machine getMachine() const { return machine; }
  /// Elements at multiples of which vectors have to begin.
  int64_t getAlignment() const { return machine == Machine::Gpu ? lanes : 1; }
  mlir::Location getLoc() { return function.getLoc(); }
  /// The innermost scope that an index depends on, and the width of the vectors it runs along (1: none).
  Scope &getScope(llvm::ArrayRef<mlir::AffineExpr> index);
  int64_t getLanes(llvm::ArrayRef<mlir::AffineExpr> index) const;
  unsigned getNumVariables() const { return variables.size(); }
  /// An analysis from the present state; `reserved` variables after the present ones are the caller's.
  AccessAnalysis analyse(unsigned reserved) const;

  /// A new index variable, valid in `scope`. With lanes > 1 it stands for `lanes` consecutive numbers from `value` on.
  mlir::AffineExpr addVariable(Scope &scope, mlir::Value value, int64_t lanes = 1, const LoopNumbers &numbers = {});
  Scope &openLoop(Scope &parent, mlir::Value lower, mlir::Value upper, int64_t step, mlir::ValueRange carried = {});
  void closeLoop(Scope &loop, mlir::ValueRange carried = {});
  /// What follows happens only if `condition` holds; for all threads of a team alike, or (not shared) for each alone.
  Scope &openIf(Scope &parent, mlir::Value condition, bool isShared);
  void closeIf(Scope &branch);
  /// Closes the branch, and opens what happens otherwise; closeIf closes that.
  Scope &openElse(Scope &branch);
  /// What a whole team would do, done by its first thread.
  Scope &openFirst(Scope &parent);
  void closeFirst(Scope &first, Scope &parent) {
    if (&first != &parent)
      closeIf(first);
  }

  /// From now on chunks are worked on by `team`, of which this thread is one.
  void setTeam(Team theTeam) { team = theTeam; }
  const Team &getTeam() const { return team; }
  /// From now on what the team shares of a row is written out, by rounds.
  void setRounds(Rounds theRounds) { rounds = std::move(theRounds); }
  /// Those for loops over `sizes`, or null.
  const Rounds *getRounds(llvm::ArrayRef<Dim> sizes) const {
    return rounds && sizes.size() == 1 && sizes.front() == rounds->size ? &*rounds : nullptr;
  }
  /// Whether each thread has an element of its own at the index, although the team shares the scope.
  bool isOfRound(llvm::ArrayRef<mlir::AffineExpr> index) const;
  /// Runs `body` over [lower, upper) of the first size and all of the others, each thread of the team taking its share
  /// of the elements, by vectors along the last size. Values are carried from round to round, first to last.
  using RoundBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(Scope &, llvm::ArrayRef<mlir::AffineExpr>,
                                                                     mlir::ValueRange)>;
  llvm::SmallVector<mlir::Value> forTeam(Scope &parent, llvm::ArrayRef<Dim> sizes, std::pair<Bound, Bound> first,
                                         int64_t width, mlir::ValueRange carried, RoundBody body);
  /// Combines what the threads of the team have, by a fixed tree; all of them get the result.
  mlir::Value combineTeam(Scope &scope, const Combiner &combiner, mlir::Value value);
  /// The indices over `sizes`, the last one by vectors, that make up `number`.
  Index split(Scope &scope, mlir::Value number, llvm::ArrayRef<Dim> sizes, int64_t width = 1);

  /// Runs `body` over [lower, upper) by vectors, then over the rest: as one narrower vector if the size is known, else
  /// one by one.
  void forLanes(Scope &parent, Bound lower, Bound upper, int64_t width,
                llvm::function_ref<void(Scope &, mlir::AffineExpr)> body);
  void forEach(Scope &parent, Dim size, llvm::function_ref<void(Scope &, mlir::AffineExpr)> body);

  Bound getBound(Dim size);
  /// Where the part begins, which is at a multiple of `granule`, and ends.
  std::pair<Bound, Bound> getPartBounds(const Part &part, Dim size, mlir::OpBuilder &builder, int64_t granule = 1);
  mlir::Value getSize(Dim size);
  mlir::Value getConstant(int64_t value);
  /// The number that an index expression stands for; one lane of it if `lane` is given.
  mlir::Value getIndex(mlir::AffineExpr expr, Scope &scope, std::optional<int64_t> lane = std::nullopt);

private:
  llvm::SmallVector<mlir::Value> forRounds(Scope &parent, mlir::ValueRange carried, RoundBody body);

  struct Variable {
    Scope *scope;
    mlir::Value value; ///< the first of the lanes, or a vector of indices known only at run time
    int64_t lanes;
    LoopNumbers numbers;
    bool isVector() const { return mlir::isa<mlir::VectorType>(value.getType()); }
  };
  struct Kept {
    mlir::Value buffer;
    mlir::RankedTensorType type; ///< of the part that is kept
    Index row;
    bool isComplete = false;
  };
  using BodyMap = llvm::DenseMap<mlir::Value, mlir::Value>;

  mlir::Value compute(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> index, Scope &scope);
  mlir::Value gather(mlir::Value buffer, mlir::AffineExpr address, int64_t lanes, Scope &scope);
  mlir::Value getTable(mlir::Value constant);
  mlir::AffineExpr getAddress(mlir::RankedTensorType type, llvm::ArrayRef<mlir::AffineExpr> index);
  bool isVectorAt(mlir::AffineExpr address, int64_t width) const;
  std::optional<int64_t> getLaneStride(mlir::AffineExpr expr) const;

  // Positions.cpp
  std::optional<std::pair<int64_t, int64_t>> getRange(mlir::AffineExpr expr) const;
  /// A position as traceIndex has it, whose limits are told apart by what is known of the loops.
  mlir::AffineExpr trace(mlir::Value position, llvm::ArrayRef<mlir::AffineExpr> loopIndex) const;
  std::optional<bool> decide(mlir::Value condition, llvm::ArrayRef<mlir::AffineExpr> loopIndex) const;
  /// The ops that a body's results need, and what selections are, where their conditions are decided.
  struct Needs {
    llvm::DenseSet<mlir::Operation *> ops;
    llvm::DenseMap<mlir::Operation *, mlir::Value> selected;
  };
  Needs findNeeds(mlir::Block *body, llvm::ArrayRef<mlir::AffineExpr> loopIndex) const;
  mlir::Value emitNumbers(mlir::linalg::IndexOp op, mlir::AffineExpr expr, Scope &scope);
  mlir::Value emitDivision(mlir::Operation *op, llvm::ArrayRef<mlir::AffineExpr> loopIndex, Scope &scope);
  mlir::Value emitLaneComparison(mlir::arith::CmpIOp op, BodyMap &map, Scope &scope);

  /// A scalar from outside the bodies.
  mlir::Value emitCaptured(mlir::Value scalar);
  mlir::Value emitBodyOp(mlir::Operation *op, llvm::ArrayRef<mlir::AffineExpr> loopIndex, BodyMap &map, Scope &scope);
  mlir::Value emitExtract(mlir::Operation *op, llvm::ArrayRef<mlir::AffineExpr> loopIndex, BodyMap &map, Scope &scope);

  mlir::FunctionOpInterface function;
  mlir::Value batch;
  int64_t lanes;
  Machine machine;
  Team team;
  std::optional<Rounds> rounds;
  std::deque<Scope> scopes; ///< stable addresses
  llvm::SmallVector<Variable> variables;
  llvm::DenseMap<mlir::Value, unsigned> opaqueVariables;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  llvm::DenseMap<mlir::Value, mlir::Value> tables;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  llvm::DenseMap<mlir::Value, mlir::AffineExpr> positions; ///< of integers: the index that they are
  llvm::DenseMap<mlir::Value, Kept> kept;
};

/// `value` repeated in each lane, unless `lanes` is 1; each element of a shorter vector in lanes side by side.
mlir::Value broadcastTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, int64_t lanes);
/// How an element type lies in memory: booleans take one byte.
mlir::Type getStorageType(mlir::Type elementType);

} // namespace glyptic::codegen
