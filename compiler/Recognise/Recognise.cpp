//===- Recognise.cpp - Composite ops that a model spells out ----*- C++ -*-===//
//
// One walk in program order. What stands in a formula's place is tried again, so that formulas compose: a softmax of
// shifted scores becomes one of the scores, a norm takes in the scale and the bias that follow it.
//
//===----------------------------------------------------------------------===//
#include "compiler/Recognise/Recognise.h"
#include "compiler/Passes.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_RECOGNISEPASS
#include "compiler/Passes.h.inc"

namespace recognise {
namespace {

/// The ops that compute the root of a formula from its inputs.
class Pieces {
public:
  Pieces(Operation *root, const Found &found) : root(root) {
    for (Value input : found.inputs)
      depends[input] = false;
    (void)collect(root->getResult(0));
  }

  /// Whether nothing but the formula needs a value inside of it: else both would be computed.
  bool areUsedAlone() const {
    return llvm::all_of(ops, [&](Operation *op) {
      return op == root || llvm::all_of(op->getUsers(), [&](Operation *user) { return ops.contains(user); });
    });
  }

  /// Those of all nodes that it replaces.
  Location getLoc() const {
    auto locations = llvm::map_to_vector(ops, [](Operation *op) { return op->getLoc(); });
    return FusedLoc::get(root->getContext(), locations);
  }

  void erase() {
    for (Operation *op : llvm::reverse(ops))
      op->erase();
  }

private:
  /// Whether computing `value` takes pieces. Constants, and views and repetitions of inputs, are no work; others may
  /// use them, too.
  bool collect(Value value) {
    if (auto known = depends.find(value); known != depends.end())
      return known->second;
    Operation *op = value.getDefiningOp();
    if (!op || op->hasTrait<OpTrait::ConstantLike>())
      return false;
    bool works = !op->hasTrait<trait::Repeats>() && !op->hasTrait<trait::View>();
    for (Value operand : op->getOperands())
      works |= collect(operand);
    if (works)
      ops.insert(op);
    return depends[value] = works;
  }

  Operation *root;
  llvm::DenseMap<Value, bool> depends;
  llvm::SetVector<Operation *> ops; ///< operands before users
};

/// The op that stands in the place of `root` now, or null.
Operation *recogniseAt(Operation *root) {
  for (ArrayRef<Recogniser> table : {getGates(), getSoftmaxes(), getNorms(), getAttentions(), getDropouts()})
    for (const Recogniser &recogniser : table) {
      std::optional<Found> found = recogniser.match(root->getResult(0));
      if (!found)
        continue;
      Pieces pieces(root, *found);
      if (!pieces.areUsedAlone())
        continue;
      OpBuilder builder(root);
      Value composite = found->build(builder, pieces.getLoc());
      root->getResult(0).replaceAllUsesWith(composite);
      pieces.erase();
      return composite.getDefiningOp();
    }
  return nullptr;
}

} // namespace
} // namespace recognise

namespace {

struct RecognisePass : impl::RecognisePassBase<RecognisePass> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front()))
      if (op.getNumResults() == 1)
        for (Operation *candidate = &op; candidate;)
          candidate = recognise::recogniseAt(candidate);
  }
};

} // namespace
} // namespace glyptic
