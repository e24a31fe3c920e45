//===- Plan.cpp - Which kernels a region becomes ----------------===//
#include "codegen/Structured/Plan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

StringRef stringifySchedule(Schedule schedule) {
  static constexpr StringLiteral names[] = {"pointwise", "gather", "row", "column", "nest", "scatter"};
  return names[static_cast<int>(schedule)];
}

Value stripReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

SmallVector<Dim> Root::getSizes() const {
  return llvm::map_to_vector(dims, [&](unsigned dim) { return getDim(getType(), dim); });
}

Index Root::getIndex(ArrayRef<AffineExpr> index) const {
  Index full(getType().getRank(), getAffineConstantExpr(0, value.getContext()));
  for (auto [dim, expr] : llvm::zip_equal(dims, index))
    full[dim] = expr;
  return full;
}

static Index getIdentity(unsigned rank, MLIRContext *context) {
  return llvm::map_to_vector(llvm::seq<unsigned>(0, rank), [&](unsigned i) { return getAffineDimExpr(i, context); });
}

static Dim getProduct(ArrayRef<Dim> sizes) {
  Dim product{1, false};
  for (Dim size : sizes)
    product = {product.scale * size.scale, product.batched || size.batched};
  return product;
}

/// Cutting a reduction in parts costs scratch memory and a second kernel, which pays for many elements in few results.
static bool paysInParts(linalg::GenericOp op) {
  Dim rows = getProduct(getReductionSizes(op));
  Dim results = getNumElements(cast<RankedTensorType>(op.getResult(0).getType()));
  if (!hasCombiners(op) || results.batched || results.scale > 4096)
    return false;
  int64_t work = rows.scale * results.scale;
  return rows.batched ? rows.scale >= 16 && work >= 2048 : rows.scale >= 256 && work >= 65536;
}

Planner::Planner(StructuredForm &form, Machine machine) : form(form), machine(machine) {}

Root &Planner::addRoot(Value value, unsigned buffer) {
  value = stripReshapes(value);
  Root *&root = byValue[value];
  if (!root) {
    root = &roots.emplace_back();
    root->value = root->stored = value;
    for (int64_t i = 0; i < root->getType().getRank(); ++i)
      if (!getDim(root->getType(), i).isOne())
        root->dims.push_back(i);
  }
  root->buffers.push_back(buffer);
  return *root;
}

/// What is stored for a reduction: the last of the elementwise values computed from it alone (a mean, not a sum).
static Value getEndOfChain(Value value) {
  while (value.hasOneUse()) {
    auto next = dyn_cast<linalg::GenericOp>(*value.user_begin());
    if (!next || next.getNumReductionLoops() || next.getNumResults() != 1 ||
        next.getResult(0).getType() != value.getType() ||
        !next.getMatchingIndexingMap(&*value.use_begin()).isIdentity())
      break;
    value = next.getResult(0);
  }
  return value;
}

Value Planner::store(linalg::GenericOp reduction, unsigned result) {
  Value value = reduction.getResult(result);
  if (!paysInParts(reduction))
    value = getEndOfChain(value);
  if (!byValue.contains(value)) {
    addRoot(value, form.getInputs().size() + form.getResults().size() + scratch.size());
    scratch.push_back(cast<RankedTensorType>(value.getType()));
  }
  return value;
}

LogicalResult Planner::run() {
  for (auto [i, value] : llvm::enumerate(form.getResults()))
    addRoot(value, form.getInputs().size() + i);
  accumulateWhatIsStored();
  for (size_t i = 0; i < roots.size(); ++i) // grows
    if (failed(classify(roots[i])))
      return failure();
  for (Root &root : roots)
    root.level = getLevel(root);
  delay();
  group();
  return verifyOrder();
}

/// Whether the reduction adds up the rows of a matrix, as its operand lies in memory.
static bool addsUpRows(linalg::GenericOp op) {
  if (!op || !op.getNumReductionLoops() || op.getNumResults() != 1 || op.getNumDpsInputs() != 1 || !paysInParts(op) ||
      !op.getIndexingMapsArray().front().isIdentity())
    return false;
  auto source = op.getDpsInputs().front().getDefiningOp<linalg::GenericOp>();
  if (source && source.getNumReductionLoops())
    return false;
  AffineMap all = op.getIndexingMapsArray().front(), result = op.getIndexingMapsArray().back();
  if (result.getResults() != all.getResults().drop_front(op.getNumReductionLoops()))
    return false;
  // Accumulators are to stay in the first-level cache; with few of them each row would wait for the one before.
  int64_t columns = getNumElements(cast<RankedTensorType>(op.getResult(0).getType())).scale;
  return columns >= 32 && columns <= 4096;
}

/// A sum over the rows of a matrix is done where the matrix, or another of its size, passes through registers anyway.
void Planner::accumulateWhatIsStored() {
  for (Root &root : roots) {
    auto op = root.value.getDefiningOp<linalg::GenericOp>();
    if (!addsUpRows(op))
      continue;
    Value source = op.getDpsInputs().front();
    auto type = cast<RankedTensorType>(source.getType());
    if (llvm::none_of(roots, [&](Root &other) { return getDims(other.getType()) == getDims(type); }))
      continue;
    root.accumulated = op;
    root.value = source;
    root.dims.clear();
    for (auto [i, dim] : llvm::enumerate(getDims(type)))
      if (!dim.isOne())
        root.dims.push_back(i);
  }
}

/// How many of the root's dimensions number the rows that are added up.
static unsigned getAccumulatedRank(const Root &root) {
  unsigned rows = linalg::GenericOp(root.accumulated).getNumReductionLoops();
  return llvm::count_if(root.dims, [&](unsigned dim) { return dim < rows; });
}

LogicalResult Planner::classify(Root &root) {
  MLIRContext *context = root.value.getContext();
  while (true) {
    unsigned rank = root.getType().getRank();
    AccessAnalysis analysis(rank, [&](Value v) { return isa<BlockArgument>(v) || root.needs.contains(v); });
    analysis.visit(root.value, getIdentity(rank, context));
    for (ReductionUse use : analysis.getReductions())
      if (failed(getLoopSizes(use.op)))
        return failure();
    std::optional<ReductionUse> misplaced = findMisplaced(root, analysis);
    if (!misplaced) {
      chooseSchedule(root, analysis);
      return success();
    }
    for (unsigned i = 0; i < misplaced->op.getNumResults(); ++i)
      if (!misplaced->op.getResult(i).use_empty())
        root.needs.insert(store(misplaced->op, i));
  }
}

std::optional<ReductionUse> Planner::findMisplaced(Root &root, const AccessAnalysis &analysis) {
  const unsigned rank = root.getType().getRank();
  // For each reduction the set of dimensions it depends on, as a count if they are leading ones.
  SmallVector<std::pair<ReductionUse, unsigned>> perRow;
  root.rowRank = 0;
  // Outer reductions come last; once one is stored the inner ones are its own business.
  for (ReductionUse use : llvm::reverse(analysis.getReductions())) {
    const bool own = use.op == root.value.getDefiningOp() && use.index == getIdentity(rank, root.value.getContext());
    auto uses = [&](unsigned variable) {
      return llvm::any_of(use.index, [&](AffineExpr e) { return analysis.dependsOn(e, variable); });
    };
    bool inner = false;
    for (AffineExpr expr : use.index)
      expr.walk([&](AffineExpr part) {
        if (auto dim = dyn_cast<AffineDimExpr>(part))
          inner |= dim.getPosition() >= rank;
      });
    SmallVector<bool> depends = llvm::map_to_vector(root.dims, uses);
    unsigned count = llvm::count(depends, true), leading = llvm::find(depends, false) - depends.begin();
    const bool everyElement = count == depends.size();
    if (inner || count != leading || (count == 0 && !depends.empty()) || (everyElement && !own && paysInParts(use.op)))
      return use;
    if (!everyElement) {
      perRow.push_back({use, count});
      root.rowRank = std::max(root.rowRank, count);
    }
  }
  if (root.accumulated)
    root.rowRank = getAccumulatedRank(root);
  root.perRow.clear();
  for (auto &[use, count] : llvm::reverse(perRow)) {
    if (count != root.rowRank)
      return use;
    root.perRow.push_back(use);
  }
  return std::nullopt;
}

/// The table of schedules.
void Planner::chooseSchedule(Root &root, const AccessAnalysis &analysis) {
  auto own = root.value.getDefiningOp<linalg::GenericOp>();
  const bool isReduction = own && own.getNumReductionLoops();
  const bool alongResults = !root.dims.empty() && analysis.getContiguity(root.dims.back()) > 0;
  if (root.rowRank)
    root.schedule = Schedule::Row; // reductions shared by the elements of a row, or accumulators by its rows
  else if (analysis.getReductions().empty())
    root.schedule = analysis.hasLookups() ? Schedule::Gather : Schedule::Pointwise;
  else if (isReduction && paysInParts(own) &&
           (alongResults || getProduct(root.getSizes()).scale < getFewResults(machine)))
    root.schedule = Schedule::Column; // many rows, few results: parts are all the parallelism there is
  else if (alongResults)
    root.schedule = Schedule::Nest; // neighbouring results lie side by side in the operands
  else {
    root.schedule = Schedule::Row; // neighbouring operands make one result
    root.rowRank = root.dims.size();
    root.perRow.assign(analysis.getReductions().begin(), analysis.getReductions().end());
  }
}

unsigned Planner::getLevel(Root &root) {
  unsigned level = 0;
  for (Value need : root.needs)
    level = std::max(level, getLevel(*byValue[need]) + 1);
  return level;
}

/// Whether two roots run over the same rows, elements, or reduced elements.
static bool haveSameLoops(const Root &a, const Root &b) {
  if (a.schedule == Schedule::Column || b.schedule == Schedule::Column)
    return a.schedule == b.schedule && a.getSizes() == b.getSizes() &&
           getReductionSizes(a.value.getDefiningOp<linalg::GenericOp>()) ==
               getReductionSizes(b.value.getDefiningOp<linalg::GenericOp>());
  if (a.accumulated && b.accumulated && a.rowRank != b.rowRank)
    return false;
  if (a.schedule == Schedule::Row && b.schedule == Schedule::Row)
    return ArrayRef(a.getSizes()).take_front(a.rowRank).equals(ArrayRef(b.getSizes()).take_front(b.rowRank));
  return a.getSizes() == b.getSizes();
}

/// A root that no other needs waits for a later one with the same loops, and shares them.
void Planner::delay() {
  llvm::DenseSet<Value> needed;
  for (Root &root : roots)
    needed.insert(root.needs.begin(), root.needs.end());
  for (Root &root : roots)
    for (Root &later : roots)
      if (!needed.contains(root.getResult()) && later.level > root.level && haveSameLoops(root, later))
        root.level = later.level;
}

/// Roots share a kernel if they have the same loops at the same time.
void Planner::group() {
  // Rows first, so that elementwise results can join the rows they belong to.
  SmallVector<std::tuple<unsigned, bool, size_t>> order;
  for (auto [i, root] : llvm::enumerate(roots))
    order.push_back({root.level, root.schedule != Schedule::Row, i});
  llvm::sort(order);
  SmallVector<KernelPlan> grouped;
  for (auto [level, isLate, i] : order) {
    Root *root = &roots[i];
    auto kernel = llvm::find_if(grouped, [&](const KernelPlan &k) {
      return k.roots.front()->level == root->level &&
             llvm::any_of(k.roots, [&](Root *other) { return haveSameLoops(*other, *root); });
    });
    if (kernel == grouped.end()) {
      grouped.push_back({root->schedule, {root}});
      continue;
    }
    if (kernel->schedule == Schedule::Row && root->schedule != Schedule::Row)
      root->rowRank = kernel->roots.front()->rowRank;
    else if (root->schedule > kernel->schedule)
      kernel->schedule = root->schedule;
    kernel->roots.push_back(root);
  }
  for (KernelPlan &kernel : grouped)
    if (kernel.schedule == Schedule::Column || kernel.hasAccumulators())
      splitParts(kernel);
    else
      kernels.push_back(kernel);
}

/// Roots of a kernel are over the same rows, and the one with most columns decides.
int64_t Planner::chooseParts(const KernelPlan &kernel) {
  int64_t results = 0;
  Dim rows{1, false};
  for (Root *root : kernel.roots) {
    auto op = root->accumulated ? root->accumulated : root->value.getDefiningOp<linalg::GenericOp>();
    if (!op || !op.getNumReductionLoops() || (kernel.schedule != Schedule::Column && !root->accumulated))
      continue;
    results = std::max(results, getNumElements(cast<RankedTensorType>(op.getResult(0).getType())).scale);
    rows = getProduct(getReductionSizes(op));
  }
  return codegen::chooseParts(machine, results, rows.scale, rows.batched);
}

/// Partial results go to scratch memory; a last kernel adds them up in order. The CPU's goes along neighbouring
/// results, of which there are few for so many threads as a GPU has: there each is the sum of a row that threads share.
void Planner::splitParts(KernelPlan kernel) {
  SmallVector<KernelPlan> finishes; // of results of the same sizes each
  kernel.parts = chooseParts(kernel);
  const unsigned firstScratch = form.getInputs().size() + form.getResults().size();
  for (Root *root : kernel.roots) {
    if (kernel.schedule != Schedule::Column && !root->accumulated)
      continue;
    Value result = root->getResult();
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<Dim> sizes = getDims(type);
    sizes.insert(sizes.begin(), Dim{kernel.parts, false});
    unsigned position = firstScratch + scratch.size();
    scratch.push_back(getTensorType(sizes, type.getElementType()));
    Root &last = addFinish(cast<OpResult>(result));
    std::swap(last.stored, root->stored); // what the last kernel reads is what this one stores
    last.buffers = std::exchange(root->buffers, {position});
    auto finish = llvm::find_if(finishes, [&](KernelPlan &plan) {
      return plan.roots.front()->getSizes() == last.getSizes();
    });
    if (finish == finishes.end())
      finish = finishes.insert(finishes.end(), {last.schedule, {}, /*isFinish=*/true});
    finish->roots.push_back(&last);
  }
  kernels.push_back(std::move(kernel));
  llvm::append_range(kernels, finishes);
}

LogicalResult Planner::verifyOrder() {
  llvm::DenseSet<Value> stored;
  for (KernelPlan &kernel : kernels) {
    for (Root *root : kernel.roots)
      for (Value need : root->needs)
        if (!stored.contains(need))
          return emitError(root->value.getLoc(), "a kernel is planned before the one whose result it needs");
    for (Root *root : kernel.roots)
      stored.insert(root->stored);
  }
  return success();
}

/// Adds up the last scratch tensor. `stored` of the new root is that tensor.
Root &Planner::addFinish(OpResult column) {
  auto op = cast<linalg::GenericOp>(column.getOwner());
  OpBuilder builder(op->getBlock()->getTerminator());
  Location loc = op.getLoc();
  auto type = scratch.back();
  Value stored = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType(),
                                         SmallVector<Value>(), type.getEncoding());
  unsigned rank = type.getRank();
  MLIRContext *context = builder.getContext();
  AffineMap all = builder.getMultiDimIdentityMap(rank);
  ArrayRef<AffineExpr> results = all.getResults().drop_front();
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.front() = utils::IteratorType::reduction;
  Operation *combiner = getCombiner(op, column.getResultNumber())->op;
  auto sum = linalg::GenericOp::create(
      builder, loc, column.getType(), stored, op.getDpsInitOperand(column.getResultNumber())->get(),
      ArrayRef{all, AffineMap::get(rank, 0, results, context)}, iterators,
      [&](OpBuilder &body, Location, ValueRange args) {
        Operation *combined = body.clone(*combiner);
        combined->setOperands({args[1], args[0]});
        linalg::YieldOp::create(body, loc, combined->getResults());
      });
  Root &finish = roots.emplace_back();
  finish.value = sum.getResult(0);
  finish.stored = stored;
  for (auto [i, dim] : llvm::enumerate(getDims(finish.getType())))
    if (!dim.isOne())
      finish.dims.push_back(i);
  finish.schedule = finish.dims.empty() || machine == Machine::Gpu ? Schedule::Row : Schedule::Nest;
  if (finish.schedule == Schedule::Row) {
    finish.rowRank = finish.dims.size();
    finish.perRow.push_back({sum, getIdentity(results.size(), context), static_cast<unsigned>(results.size())});
  }
  return finish;
}

} // namespace glyptic::codegen
