//===- Emitter.cpp - Structured values as loops, vectors and loads -===//
#include "codegen/Structured/Emitter.h"
#include "dialects/Graph/GraphDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

Value broadcastTo(OpBuilder &builder, Location loc, Value value, int64_t lanes) {
  auto type = dyn_cast<VectorType>(value.getType());
  if (lanes == 1 || (type && type.getNumElements() == lanes))
    return value;
  if (!type)
    return vector::BroadcastOp::create(builder, loc, VectorType::get(lanes, value.getType()), value);
  const int64_t times = lanes / type.getNumElements();
  auto elements = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes), [&](int64_t lane) { return lane / times; });
  return vector::ShuffleOp::create(builder, loc, value, value, elements);
}

Type getStorageType(Type elementType) {
  return elementType.isInteger(1) ? IntegerType::get(elementType.getContext(), 8) : elementType;
}

Emitter::Emitter(FunctionOpInterface function, Value batch, int64_t lanes, Machine machine)
    : function(function), batch(batch), lanes(lanes), machine(machine) {
  scopes.emplace_back(nullptr, OpBuilder::atBlockEnd(&function.getFunctionBody().front()));
}

AccessAnalysis Emitter::analyse(unsigned reserved) const {
  return AccessAnalysis(variables.size() + reserved, [this](Value tensor) { return isMemory(tensor); });
}

//===----------------------------------------------------------------------===//
// Loops and indices
//===----------------------------------------------------------------------===//

AffineExpr Emitter::addVariable(Scope &scope, Value value, int64_t lanes, const LoopNumbers &numbers) {
  variables.push_back({&scope, value, lanes, numbers});
  return getAffineDimExpr(variables.size() - 1, value.getContext());
}

Scope &Emitter::openLoop(Scope &parent, Value lower, Value upper, int64_t step, ValueRange carried) {
  OpBuilder &builder = parent.builder;
  Location loc = function.getLoc();
  auto loop = scf::ForOp::create(builder, loc, lower, upper, getConstant(step), carried);
  if (carried.empty())
    loop.getBody()->getTerminator()->erase(); // closeLoop makes it, with or without values
  builder.setInsertionPoint(loop);
  return scopes.emplace_back(&parent, OpBuilder::atBlockEnd(loop.getBody()), loop);
}

void Emitter::closeLoop(Scope &scope, ValueRange carried) {
  scf::YieldOp::create(scope.builder, function.getLoc(), carried);
  scope.parent->builder.setInsertionPointAfter(scope.loop);
}

Scope &Emitter::openIf(Scope &parent, Value condition, bool isShared) {
  auto branch = scf::IfOp::create(parent.builder, function.getLoc(), condition, /*withElseRegion=*/false);
  parent.builder.setInsertionPoint(branch);
  Scope &scope = scopes.emplace_back(&parent, OpBuilder::atBlockBegin(branch.thenBlock()));
  scope.isShared &= isShared;
  return scope;
}

void Emitter::closeIf(Scope &branch) {
  branch.parent->builder.setInsertionPointAfter(branch.builder.getInsertionBlock()->getParentOp());
}

Scope &Emitter::openElse(Scope &branch) {
  auto op = cast<scf::IfOp>(branch.builder.getInsertionBlock()->getParentOp());
  OpBuilder builder = OpBuilder::atBlockEnd(&op.getElseRegion().emplaceBlock());
  builder.setInsertionPoint(scf::YieldOp::create(builder, function.getLoc()));
  Scope &scope = scopes.emplace_back(branch.parent, builder);
  scope.isShared = branch.isShared;
  return scope;
}

void Emitter::forLanes(Scope &parent, Bound lower, Bound upper, int64_t width,
                       llvm::function_ref<void(Scope &, AffineExpr)> body) {
  Location loc = function.getLoc();
  auto loop = [&](const Bound &from, const Bound &to, int64_t step) {
    Scope &scope = openLoop(parent, from.value, to.value, step);
    body(scope, addVariable(scope, scope.loop.getInductionVar(), step, LoopNumbers(from, to, step)));
    closeLoop(scope);
  };
  if (width == 1)
    return loop(lower, upper, 1);
  if (lower.constant && upper.constant) {
    int64_t size = *upper.constant - *lower.constant, rest = size % width;
    Bound middle = getBound({*upper.constant - rest, false});
    if (size >= width)
      loop(lower, middle, width);
    if (rest)
      loop(middle, upper, rest);
    return;
  }
  if (lower.divisor % width == 0 && upper.divisor % width == 0)
    return loop(lower, upper, width);
  OpBuilder &builder = parent.builder;
  Value size = arith::SubIOp::create(builder, loc, upper.value, lower.value);
  Value rest = arith::RemUIOp::create(builder, loc, size, getConstant(width));
  Bound middle{std::nullopt, arith::SubIOp::create(builder, loc, upper.value, rest)};
  loop(lower, middle, width);
  loop(middle, upper, 1);
}

void Emitter::forEach(Scope &parent, Dim size, llvm::function_ref<void(Scope &, AffineExpr)> body) {
  forLanes(parent, getBound({0, false}), getBound(size), 1, body);
}

Bound Emitter::getBound(Dim size) {
  if (size.batched)
    return {std::nullopt, getSize(size), size.scale};
  return {size.scale, getSize(size)};
}

Value Emitter::getConstant(int64_t value) {
  Value &known = constants[value];
  if (known)
    return known;
  // At the head of the function, where every scope sees it.
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getFunctionBody().front());
  return known = arith::ConstantIndexOp::create(builder, function.getLoc(), value);
}

Value Emitter::getSize(Dim size) {
  Value scale = getConstant(size.scale);
  if (!size.batched)
    return scale;
  return size.scale == 1 ? batch
                         : Value(arith::MulIOp::create(getRoot().builder, function.getLoc(), batch, scale));
}

Value Emitter::getIndex(AffineExpr expr, Scope &scope, std::optional<int64_t> lane) {
  OpBuilder &builder = scope.builder;
  Location loc = function.getLoc();
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return getConstant(constant.getValue());
  if (isa<AffineSymbolExpr>(expr))
    return batch;
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    const Variable &variable = variables[dim.getPosition()];
    if (variable.lanes == 1)
      return variable.value;
    if (variable.isVector())
      return lane ? vector::ExtractOp::create(builder, loc, variable.value, *lane).getResult() : variable.value;
    if (!lane || *lane == 0)
      return variable.value;
    return arith::AddIOp::create(builder, loc, variable.value, getConstant(*lane));
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = getIndex(binary.getLHS(), scope, lane), rhs = getIndex(binary.getRHS(), scope, lane);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(builder, loc, lhs, rhs);
  // Indices are never negative, so these are the plain unsigned operations.
  case AffineExprKind::Mod:
    return arith::RemUIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::FloorDiv:
    return arith::DivUIOp::create(builder, loc, lhs, rhs);
  default:
    return arith::CeilDivUIOp::create(builder, loc, lhs, rhs);
  }
}

Scope &Emitter::getScope(ArrayRef<AffineExpr> index) {
  Scope *deepest = &getRoot();
  for (AffineExpr expr : index)
    expr.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        if (variables[dim.getPosition()].scope->depth > deepest->depth)
          deepest = variables[dim.getPosition()].scope;
    });
  return *deepest;
}

int64_t Emitter::getLanes(ArrayRef<AffineExpr> index) const {
  int64_t lanes = 1;
  for (AffineExpr expr : index)
    expr.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        lanes = std::max(lanes, variables[dim.getPosition()].lanes);
    });
  return lanes;
}

std::optional<int64_t> Emitter::getLaneStride(AffineExpr expr) const {
  AffineExpr next = expr;
  for (auto [i, variable] : llvm::enumerate(variables)) {
    if (variable.lanes == 1 || !expr.isFunctionOfDim(i))
      continue;
    if (variable.isVector())
      return std::nullopt;
    AffineExpr dim = getAffineDimExpr(i, expr.getContext());
    next = next.replace(dim, dim + 1);
  }
  auto step = dyn_cast<AffineConstantExpr>(simplifyAffineExpr(next - expr, variables.size(), 1));
  return step ? std::optional<int64_t>(step.getValue()) : std::nullopt;
}

AffineExpr Emitter::getAddress(RankedTensorType type, ArrayRef<AffineExpr> index) {
  MLIRContext *context = type.getContext();
  AffineExpr address = getAffineConstantExpr(0, context), batchSize = getAffineSymbolExpr(0, context);
  for (auto [expr, stride] : llvm::zip_equal(index, getStrides(type)))
    address = address + expr * (batchSize * stride.perBatch + stride.constant);
  return simplifyAffineExpr(address, variables.size(), 1);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Whether the lanes lie side by side where one access reaches them. The CPU's may begin anywhere.
bool Emitter::isVectorAt(AffineExpr address, int64_t width) const {
  if (getLaneStride(address) != 1)
    return false;
  if (machine == Machine::Cpu)
    return true;
  SmallVector<unsigned> vectors;
  for (auto [i, variable] : llvm::enumerate(variables))
    if (variable.lanes > 1)
      vectors.push_back(i);
  return isMultiple(address, vectors, width);
}

Value Emitter::gather(Value buffer, AffineExpr address, int64_t width, Scope &scope) {
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < width; ++lane) {
    Value index = getIndex(address, scope, lane);
    elements.push_back(memref::LoadOp::create(scope.builder, function.getLoc(), buffer, index));
  }
  auto type = VectorType::get(width, elements.front().getType());
  return vector::FromElementsOp::create(scope.builder, function.getLoc(), type, elements);
}

Value Emitter::load(Value buffer, RankedTensorType type, ArrayRef<AffineExpr> index, Scope &scope) {
  OpBuilder &builder = scope.builder;
  Location loc = function.getLoc();
  AffineExpr address = getAddress(type, index);
  int64_t width = getLanes({address});
  Value value;
  if (width == 1)
    value = memref::LoadOp::create(builder, loc, buffer, getIndex(address, scope));
  else if (isVectorAt(address, width))
    value = vector::LoadOp::create(builder, loc, VectorType::get(width, getStorageType(type.getElementType())), buffer,
                                   getIndex(address, scope));
  else
    value = gather(buffer, address, width, scope);
  if (!type.getElementType().isInteger(1))
    return value;
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(value.getType()));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value, zero);
}

void Emitter::store(Value value, Value buffer, RankedTensorType type, ArrayRef<AffineExpr> index, Scope &scope) {
  OpBuilder &builder = scope.builder;
  Location loc = function.getLoc();
  AffineExpr address = getAddress(type, index);
  int64_t width = getLanes({address});
  value = broadcastTo(builder, loc, value, width);
  if (type.getElementType().isInteger(1)) {
    Type byte = builder.getI8Type();
    value = arith::ExtUIOp::create(builder, loc, width == 1 ? byte : VectorType::get(width, byte), value);
  }
  if (width == 1) {
    memref::StoreOp::create(builder, loc, value, buffer, getIndex(address, scope));
  } else if (isVectorAt(address, width)) {
    vector::StoreOp::create(builder, loc, value, buffer, getIndex(address, scope));
  } else {
    for (int64_t lane = 0; lane < width; ++lane) {
      Value element = vector::ExtractOp::create(builder, loc, value, lane);
      memref::StoreOp::create(builder, loc, element, buffer, getIndex(address, scope, lane));
    }
  }
}

/// A constant that is no splat becomes read-only data of the kernels' module.
Value Emitter::getTable(Value constant) {
  Value &table = tables[constant];
  if (table)
    return table;
  DenseElementsAttr elements;
  matchPattern(constant, m_Constant(&elements));
  Type storage = getStorageType(elements.getElementType());
  if (storage != elements.getElementType())
    elements = elements.mapValues(storage, [](const APInt &bit) { return bit.zext(8); });
  elements = elements.reshape(RankedTensorType::get({elements.getNumElements()}, storage));

  Operation *module = function->getParentWithTrait<OpTrait::SymbolTable>();
  // Equal tables share one symbol, named by its contents, so that equal kernels stay equal text.
  std::string text;
  llvm::raw_string_ostream(text) << elements;
  std::string name = "table_" + llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true);
  auto type = MemRefType::get({elements.getNumElements()}, storage);
  Location loc = function.getLoc();
  if (!SymbolTable::lookupSymbolIn(module, name)) {
    OpBuilder atStart = OpBuilder::atBlockBegin(&module->getRegion(0).front());
    memref::GlobalOp::create(atStart, loc, name, atStart.getStringAttr("private"), type, elements, /*constant=*/true,
                             /*alignment=*/atStart.getI64IntegerAttr(64));
  }
  OpBuilder atEntry = OpBuilder::atBlockBegin(&function.getFunctionBody().front());
  Value global = memref::GetGlobalOp::create(atEntry, loc, type, name);
  return table = memref::CastOp::create(atEntry, loc, MemRefType::get({ShapedType::kDynamic}, storage), global);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The nominal number of dimensions is the same for all, or equal indices would differ as variables are added.
static std::pair<Value, AffineMap> getKey(Value tensor, ArrayRef<AffineExpr> index) {
  return {tensor, AffineMap::get(1 << 20, 1, index, tensor.getContext())};
}

void Emitter::remember(Value tensor, ArrayRef<AffineExpr> index, Value value) {
  getScope(index).values[getKey(tensor, index)] = value;
}

Value Emitter::emit(Value tensor, ArrayRef<AffineExpr> index) {
  Scope &scope = getScope(index);
  if (Value known = scope.values.lookup(getKey(tensor, index)))
    return known;
  auto it = kept.find(tensor);
  bool isKept = it != kept.end() && index.take_front(it->second.row.size()) == ArrayRef(it->second.row);
  if (isKept && it->second.isComplete) {
    Value value = load(it->second.buffer, it->second.type, index.drop_front(it->second.row.size()), scope);
    remember(tensor, index, value);
    return value;
  }
  Value value = compute(tensor, index, scope);
  remember(tensor, index, value);
  if (isKept)
    store(value, it->second.buffer, it->second.type, index.drop_front(it->second.row.size()), scope);
  return value;
}

void Emitter::keep(Value tensor, ArrayRef<AffineExpr> row) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Type storage = getStorageType(type.getElementType());
  auto part = RankedTensorType::get(type.getShape().drop_front(row.size()), type.getElementType());
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getFunctionBody().front());
  Value memory = memref::AllocaOp::create(builder, tensor.getLoc(), MemRefType::get({part.getNumElements()}, storage),
                                          builder.getI64IntegerAttr(64));
  auto type1d = MemRefType::get({ShapedType::kDynamic}, storage);
  Value buffer = memref::CastOp::create(builder, tensor.getLoc(), type1d, memory);
  kept[tensor] = {buffer, part, Index(row), false};
}

Value Emitter::compute(Value tensor, ArrayRef<AffineExpr> index, Scope &scope) {
  auto type = cast<RankedTensorType>(tensor.getType());
  OpBuilder &builder = scope.builder;
  if (Value buffer = buffers.lookup(tensor))
    return load(buffer, type, index, scope);
  if (auto reshape = tensor.getDefiningOp<ReshapeOp>())
    return emit(reshape.getInput(), composeReshape(reshape.getInput().getType(), type, index));
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return emitCaptured(fill.value());
  if (tensor.getDefiningOp<BatchSizeOp>()) {
    OpBuilder &outside = getRoot().builder;
    Type element = type.getElementType(), integer = isa<IntegerType>(element) ? element : outside.getI64Type();
    Value number = arith::IndexCastOp::create(outside, tensor.getLoc(), integer, batch);
    return integer == element ? number : arith::SIToFPOp::create(outside, tensor.getLoc(), element, number).getResult();
  }
  DenseElementsAttr dense;
  if (matchPattern(tensor, m_Constant(&dense)))
    return dense.isSplat() ? arith::ConstantOp::create(getRoot().builder, tensor.getLoc(),
                                                       dense.getSplatValue<TypedAttr>()).getResult()
                           : load(getTable(tensor), type, index, scope);
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (!op) // an empty tensor, whose elements nobody may look at
    return arith::ConstantOp::create(builder, tensor.getLoc(), builder.getZeroAttr(type.getElementType()));
  unsigned result = cast<OpResult>(tensor).getResultNumber();
  if (op.getNumReductionLoops())
    return emitReductions({ReductionUse{op, Index(index), 0}})[result];
  SmallVector<Value> values = emitBody(op, getLoopIndex(op, index), {}, scope);
  for (auto [other, value] : llvm::zip_equal(op->getResults(), values))
    remember(other, index, value);
  return values[result];
}

Value Emitter::emitCaptured(Value scalar) {
  Scope &root = getRoot();
  if (Value known = root.values.lookup({scalar, AffineMap()}))
    return known;
  Operation *op = scalar.getDefiningOp();
  Value value;
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    value = getSize(getDim(cast<RankedTensorType>(dim.getSource().getType()), *dim.getConstantIndex()));
  } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    Index index;
    for (Value position : extract.getIndices())
      index.push_back(traceIndex(position, {}));
    value = emit(extract.getTensor(), index);
  } else {
    IRMapping map;
    for (Value operand : op->getOperands())
      map.map(operand, emitCaptured(operand));
    value = root.builder.clone(*op, map)->getResult(cast<OpResult>(scalar).getResultNumber());
  }
  return root.values[{scalar, AffineMap()}] = value;
}

SmallVector<Value> Emitter::emitBody(linalg::GenericOp op, ArrayRef<AffineExpr> loopIndex, ValueRange accumulators,
                                     Scope &scope) {
  BodyMap map;
  for (auto [argument, accumulator] : llvm::zip(op.getRegionOutputArgs(), accumulators))
    map[argument] = accumulator;
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(&operand);
    if (argument.use_empty() || map.contains(argument))
      continue;
    map[argument] = isa<RankedTensorType>(operand.get().getType())
                        ? emit(operand.get(), compose(op.getMatchingIndexingMap(&operand), loopIndex))
                        : emitCaptured(operand.get());
  }
  Block *body = op.getBody();
  auto lookup = [&](Value v) { return map.contains(v) ? map.lookup(v) : emitCaptured(v); };
  const Needs needs = findNeeds(body, loopIndex);
  for (Operation &inner : body->without_terminator()) {
    if (isa<BatchSizeOp>(inner) || !needs.ops.contains(&inner)) // read by the tensor.extract after it
      continue;
    Value selected = needs.selected.lookup(&inner);
    map[inner.getResult(0)] = selected ? lookup(selected) : emitBodyOp(&inner, loopIndex, map, scope);
  }
  return llvm::map_to_vector(body->getTerminator()->getOperands(), lookup);
}

Value Emitter::emitBodyOp(Operation *op, ArrayRef<AffineExpr> loopIndex, BodyMap &map, Scope &scope) {
  OpBuilder &builder = scope.builder;
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return emitNumbers(index, loopIndex[index.getDim()], scope);
  if (isa<tensor::ExtractOp>(op))
    return emitExtract(op, loopIndex, map, scope);
  if (Value value = emitDivision(op, loopIndex, scope))
    return value;
  if (auto comparison = dyn_cast<arith::CmpIOp>(op))
    if (Value value = emitLaneComparison(comparison, map, scope))
      return value;
  IRMapping operands;
  int64_t width = 1;
  for (Value operand : op->getOperands()) {
    Value value = map.contains(operand) ? map.lookup(operand) : emitCaptured(operand);
    operands.map(operand, value);
    if (auto type = dyn_cast<VectorType>(value.getType()))
      width = std::max(width, type.getNumElements());
  }
  for (Value operand : op->getOperands())
    operands.map(operand, broadcastTo(builder, op->getLoc(), operands.lookup(operand), width));
  Operation *clone = builder.clone(*op, operands);
  if (width > 1)
    for (Value result : clone->getResults())
      result.setType(VectorType::get(width, result.getType()));
  if (isa<arith::IndexCastOp>(op))
    if (AffineExpr position = positions.lookup(operands.lookup(op->getOperand(0))))
      positions[clone->getResult(0)] = position;
  return clone->getResult(0);
}

Value Emitter::emitExtract(Operation *op, ArrayRef<AffineExpr> loopIndex, BodyMap &map, Scope &scope) {
  auto extract = cast<tensor::ExtractOp>(op);
  Index index;
  for (Value position : extract.getIndices()) {
    if (AffineExpr expr = trace(position, loopIndex)) {
      index.push_back(expr);
      continue;
    }
    Value value = map.contains(position) ? map.lookup(position) : emitCaptured(position);
    if (isa<VectorType>(value.getType()))
      value = broadcastTo(scope.builder, op->getLoc(), value, getLanes(loopIndex));
    auto [it, isNew] = opaqueVariables.try_emplace(value, variables.size());
    if (isNew) {
      auto vector = dyn_cast<VectorType>(value.getType());
      addVariable(scope, value, vector ? vector.getNumElements() : 1);
    }
    index.push_back(getAffineDimExpr(it->second, op->getContext()));
  }
  return emit(extract.getTensor(), index);
}

} // namespace glyptic::codegen
