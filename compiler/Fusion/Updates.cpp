//===- Updates.cpp - What makes new state, by structure ---------===//
#include "compiler/Fusion/Updates.h"
#include "compiler/Fusion/Group.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::fusion {

static bool isReturnedOnce(Value value) {
  return llvm::count_if(value.getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); }) == 1;
}

bool livesInState(Value value, const OldValues &oldValues) {
  StringAttr name = getHome(value).name;
  if (!name || isa<BlockArgument>(value))
    return name != nullptr;
  // Computed right there: no old value stands in the way, and it has no other place to be.
  if (!isReturnedOnce(value) || oldValues.contains(name))
    return false;
  while (value.getDefiningOp() && value.getDefiningOp()->hasTrait<trait::View>()) {
    value = value.getDefiningOp()->getOperand(0);
    if (!value.hasOneUse())
      return false;
  }
  return value.getDefiningOp() && !value.getDefiningOp()->hasTrait<OpTrait::ConstantLike>();
}

namespace {

class UpdateFinder {
public:
  UpdateFinder(func::FuncOp function, const OldValues &oldValues)
      : end(function.getBody().front().getTerminator()), oldValues(oldValues) {}

  std::vector<Update> run() {
    llvm::EquivalenceClasses<Operation *> connected;
    SmallVector<Value> roots;
    for (Value value : end->getOperands())
      if (isRoot(value)) {
        roots.push_back(value);
        connect(value.getDefiningOp(), connected);
      }
    llvm::MapVector<Operation *, SmallVector<Value>> together;
    for (Value root : roots)
      together[connected.getLeaderValue(root.getDefiningOp())].push_back(root);
    std::vector<Update> updates;
    for (auto &[leader, itsRoots] : together)
      if (std::optional<Update> update = describe(itsRoots))
        updates.push_back(std::move(*update));
    return updates;
  }

private:
  bool isRoot(Value value) const {
    return isInner(value) && getHome(value).name && isReturnedOnce(value);
  }

  /// Scalars are no part of it: every update may use them, and they share a kernel of their own.
  bool isInner(Value value) const {
    Operation *op = value.getDefiningOp();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return op && op->hasTrait<OpTrait::Elementwise>() && op->getNumResults() == 1 && type && type.hasStaticShape() &&
           type.getRank() > 0 && !livesInState(value, oldValues);
  }

  void connect(Operation *root, llvm::EquivalenceClasses<Operation *> &connected) const {
    if (connected.contains(root))
      return;
    connected.insert(root);
    SmallVector<Operation *> worklist{root};
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      for (Value operand : op->getOperands())
        if (isInner(operand)) {
          Operation *producer = operand.getDefiningOp();
          if (!connected.contains(producer))
            worklist.push_back(producer);
          connected.unionSets(op, producer);
        }
    }
  }

  std::optional<Update> describe(ArrayRef<Value> roots) {
    Update update;
    update.roots.assign(roots.begin(), roots.end());
    numbers.clear();
    llvm::raw_string_ostream out(update.structure);
    for (Value root : roots)
      if (!visit(root, update, out))
        return std::nullopt;
    for (Value root : roots) {
      out << "root " << numbers.lookup(root);
      for (Value leaf : update.leaves) // what it replaces
        if (getHome(leaf).name == getHome(root).name)
          out << " at " << numbers.lookup(leaf);
      out << "\n";
    }
    // What others need inside would have to be stored, which is not worth it.
    llvm::SmallPtrSet<Operation *, 32> members(update.ops.begin(), update.ops.end());
    for (Operation *op : update.ops)
      if (!llvm::is_contained(roots, op->getResult(0)) &&
          llvm::any_of(op->getUsers(), [&](Operation *user) { return !members.contains(user); }))
        return std::nullopt;
    return update;
  }

  bool visit(Value value, Update &update, raw_ostream &out) {
    if (numbers.contains(value))
      return true;
    if (isInner(value))
      return visitOp(value.getDefiningOp(), update, out);
    SplatElementsAttr splat;
    if (livesInState(value, oldValues)) {
      update.leaves.push_back(value);
      out << (getHome(value).isAccumulator ? "accumulator " : "state ")
          << getElementTypeOrSelf(value.getType());
    } else if (matchPattern(value, m_Constant(&splat))) {
      out << "constant " << splat.getSplatValue<Attribute>();
    } else if (Value scalar = getRepeatedScalar(value)) {
      if (!llvm::is_contained(update.scalars, scalar))
        update.scalars.push_back(scalar);
      out << "scalar " << scalars.try_emplace(scalar, scalars.size()).first->second;
    } else {
      return false;
    }
    number(value, out);
    return true;
  }

  bool visitOp(Operation *op, Update &update, raw_ostream &out) {
    for (Value operand : op->getOperands())
      if (!visit(operand, update, out))
        return false;
    out << op->getName() << op->getAttrDictionary() << getElementTypeOrSelf(op->getResult(0).getType());
    for (Value operand : op->getOperands())
      out << " " << numbers.lookup(operand);
    number(op->getResult(0), out);
    update.ops.push_back(op);
    return true;
  }

  void number(Value value, raw_ostream &out) {
    numbers.try_emplace(value, numbers.size());
    out << "\n";
  }

  static Value getRepeatedScalar(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !op->hasTrait<trait::Repeats>() || cast<RankedTensorType>(op->getOperand(0).getType()).getRank() > 0)
      return {};
    return op->getOperand(0);
  }

  Operation *end;
  const OldValues &oldValues;
  llvm::DenseMap<Value, unsigned> numbers; ///< of the update that is described
  llvm::DenseMap<Value, unsigned> scalars; ///< of the function, by first use
};

} // namespace

std::vector<Update> findUpdates(func::FuncOp function, const OldValues &oldValues) {
  return UpdateFinder(function, oldValues).run();
}

} // namespace glyptic::fusion
