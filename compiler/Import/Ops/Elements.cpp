//===- Elements.cpp - Elements and slices at computed places ------------------===//
//
// All of these read or write a tensor at positions given by coordinates, so all become gather and scatter along the
// one dimension of a flattened tensor, at row-major positions computed from the coordinates: one pair of ops with a
// derivative and a kernel instead of eight.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

SmallVector<Dim> getDims(Value value) { return graph::getDims(cast<RankedTensorType>(value.getType())); }

std::optional<Dim> multiply(ArrayRef<Dim> dims) {
  std::optional<Dim> product = Dim{1, false};
  for (Dim dim : dims)
    product = product ? mulDims(*product, dim) : product;
  return product;
}

/// The elements of a tensor, found by coordinates of its first dimensions.
class Table {
public:
  /// Coordinates say where in the first `depth` of `dims` an element (or slice of the others) is.
  Table(NodeImporter &node, ArrayRef<Dim> dims, int64_t depth) : node(node), dims(dims), depth(depth) {}

  /// A coordinate that counts from the end if it is negative.
  Value wrap(Value coordinate, int64_t dim) {
    coordinate = node.createConvert(coordinate, i64());
    if (!coordinate)
      return {};
    SmallVector<Dim> shape = getDims(coordinate);
    Value fromEnd = node.create<AddOp>(coordinate, number(dims[dim], shape));
    Value isNegative = node.create<CompareOp>(Comparison::LT, coordinate, number({0, false}, shape));
    return node.create<SelectOp>(isNegative, fromEnd, coordinate);
  }

  /// Row-major positions of `coordinates`, all of one shape.
  Value locate(ArrayRef<Value> coordinates) {
    Value position;
    for (auto [dim, coordinate] : llvm::enumerate(coordinates)) {
      if (!coordinate)
        return {};
      std::optional<Dim> stride = multiply(ArrayRef<Dim>(dims).slice(dim + 1, depth - dim - 1));
      Value offset = coordinate;
      if (!stride->isOne())
        offset = node.create<MulOp>(coordinate, number(*stride, getDims(coordinate)));
      position = position ? node.create<AddOp>(position, offset) : offset;
    }
    return position;
  }

  Value read(Value data, Value position) {
    return position ? node.create<GatherOp>(node.createReshape(data, flatDims()), position, 0) : Value();
  }

  /// `data` with `updates` written at the positions, which are all different, as the standard demands.
  Value write(Value data, Value position, Value updates) {
    if (!position || !updates || !data)
      return {};
    SmallVector<Dim> shape = getDims(updates);
    Value ones = node.createSplat(1, shape, node.getBuilder().getI32Type());
    Value isWritten = node.create<CompareOp>(Comparison::GT, scatter(position, ones), zeros());
    return node.create<SelectOp>(isWritten, scatter(position, updates), data);
  }

  Value add(Value data, Value position, Value updates) {
    return node.create<AddOp>(data, scatter(position, updates));
  }

  Value coordinate(ArrayRef<Dim> shape, int64_t dim) { return node.createAs<IotaOp>(getTensorType(shape, i64()), dim); }
  Value number(Dim value, ArrayRef<Dim> shape) {
    return node.broadcastTo(node.materialize(ShapeValue::scalar(value, i64())), shape);
  }

private:
  Type i64() { return node.getBuilder().getI64Type(); }
  Value zeros() { return node.createSplat(0, dims, node.getBuilder().getI32Type()); }

  SmallVector<Dim> flatDims() {
    SmallVector<Dim> flat{*multiply(ArrayRef<Dim>(dims).take_front(depth))};
    llvm::append_range(flat, ArrayRef<Dim>(dims).drop_front(depth));
    return flat;
  }

  Value scatter(Value position, Value updates) {
    if (!position || !updates)
      return {};
    RankedTensorType flat = getTensorType(flatDims(), cast<RankedTensorType>(updates.getType()).getElementType());
    return node.createReshape(node.createAs<ScatterAddOp>(flat, position, updates, 0), dims);
  }

  NodeImporter &node;
  SmallVector<Dim> dims;
  int64_t depth;
};

/// `combine` is the attribute reduction: how an update meets the element that it goes to.
LogicalResult setScattered(NodeImporter &node, Table &table, Value position, Value updates) {
  std::string combine = node.getString("reduction", "none");
  if (combine == "none")
    return node.setResult(table.write(node.getInput(0), position, updates));
  if (combine == "add")
    return node.setResult(table.add(node.getInput(0), position, updates));
  return node.emitError("the reduction " + combine + " is not supported; none and add are");
}

//===-- Elements along an axis ------------------------------------------------------------------------------------===//

/// Positions of elements of `data` with the coordinates of `indices`' elements, but for `axis`, where they give it.
FailureOr<Value> locateElements(NodeImporter &node, Table &table, int64_t rank) {
  Value indices = node.getInput(1);
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (failed(axis) || !indices)
    return failure();
  SmallVector<Dim> shape = getDims(indices);
  if (int64_t(shape.size()) != rank)
    return node.emitError("data and indices must have the same number of dimensions");
  SmallVector<Value> coordinates;
  for (int64_t dim : llvm::seq<int64_t>(0, rank))
    coordinates.push_back(dim == *axis ? table.wrap(indices, dim) : table.coordinate(shape, dim));
  if (Value position = table.locate(coordinates))
    return position;
  return failure();
}

LogicalResult importGatherElements(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  Table table(node, graph::getDims(type), type.getRank());
  FailureOr<Value> position = locateElements(node, table, type.getRank());
  return failed(position) ? failure() : node.setResult(table.read(node.getInput(0), *position));
}

LogicalResult importScatterElements(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  Table table(node, graph::getDims(type), type.getRank());
  FailureOr<Value> position = locateElements(node, table, type.getRank());
  return failed(position) ? failure() : setScattered(node, table, *position, node.getInput(2));
}

//===-- Slices at tuples of coordinates ---------------------------------------------------------------------------===//

/// Positions of the tuples in the last dimension of `indices`; before them the first `batchDims` dimensions go along.
FailureOr<Value> locateTuples(NodeImporter &node, Table &table, int64_t batchDims) {
  Value indices = node.getInput(1);
  SmallVector<Dim> dims = getDims(indices), shape(ArrayRef<Dim>(dims).drop_back());
  SmallVector<int64_t> starts(dims.size(), 0), strides(dims.size(), 1);
  SmallVector<Value> coordinates;
  for (int64_t dim : llvm::seq<int64_t>(0, batchDims))
    coordinates.push_back(table.coordinate(shape, dim));
  SmallVector<Dim> sizes = dims;
  sizes.back() = {1, false};
  for (int64_t i : llvm::seq<int64_t>(0, dims.back().scale)) {
    starts.back() = i;
    Value index = node.createReshape(node.createSlice(indices, starts, strides, sizes), shape);
    coordinates.push_back(table.wrap(index, batchDims + i));
  }
  if (Value position = table.locate(coordinates))
    return position;
  return failure();
}

/// How many dimensions of `data` a tuple of `indices` fixes, with those of the batch.
FailureOr<int64_t> getDepth(NodeImporter &node, int64_t batchDims) {
  RankedTensorType data = node.getType(0), indices = node.getType(1);
  if (!data || !indices)
    return failure();
  int64_t rank = indices.getRank();
  if (rank == 0 || batchDims < 0 || batchDims >= rank || indices.isDynamicDim(rank - 1))
    return node.emitError("its indices must have a last dimension of fixed size, and more dimensions than batch_dims");
  int64_t depth = batchDims + indices.getDimSize(rank - 1);
  if (depth < 1 || depth > data.getRank())
    return node.emitError("its indices are for " + Twine(depth) + " dimensions, but its data has " +
                          Twine(data.getRank()));
  return depth;
}

LogicalResult importGatherND(NodeImporter &node) {
  int64_t batchDims = node.getInt("batch_dims", 0);
  FailureOr<int64_t> depth = getDepth(node, batchDims);
  if (failed(depth))
    return failure();
  Table table(node, graph::getDims(node.getType(0)), *depth);
  FailureOr<Value> position = locateTuples(node, table, batchDims);
  return failed(position) ? failure() : node.setResult(table.read(node.getInput(0), *position));
}

LogicalResult importScatterND(NodeImporter &node) {
  FailureOr<int64_t> depth = getDepth(node, 0);
  if (failed(depth))
    return failure();
  Table table(node, graph::getDims(node.getType(0)), *depth);
  FailureOr<Value> position = locateTuples(node, table, 0);
  return failed(position) ? failure() : setScattered(node, table, *position, node.getInput(2));
}

//===-- Positions along time --------------------------------------------------------------------------------------===//

/// Writes a piece of a sequence behind what a cache holds of it, for each sample from a place of its own on.
LogicalResult importTensorScatter(NodeImporter &node) {
  RankedTensorType type = node.getType(0), update = node.getType(1);
  if (!type || !update)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -2), type.getRank());
  if (failed(axis))
    return failure();
  if (*axis == 0 || type.isDynamicDim(*axis) || update.getRank() != type.getRank())
    return node.emitError("its axis must be one of fixed size after the first");
  SmallVector<Dim> shape = graph::getDims(update);
  Table table(node, graph::getDims(type), type.getRank());
  SmallVector<Value> coordinates;
  for (int64_t dim : llvm::seq<int64_t>(0, type.getRank()))
    coordinates.push_back(table.coordinate(shape, dim));
  if (node.hasInput(2)) {
    Value starts = node.createConvert(node.getInput(2), node.getBuilder().getI64Type());
    Value first = node.createAs<BroadcastOp>(getTensorType(shape, node.getBuilder().getI64Type()), starts,
                                             ArrayRef<int64_t>{0});
    coordinates[*axis] = node.create<AddOp>(coordinates[*axis], first);
  }
  if (node.getString("mode", "linear") == "circular") {
    // Starts lie inside and the piece is not longer than the cache, so it turns round at most once.
    Value size = table.number({type.getDimSize(*axis), false}, shape);
    Value isBeyond = node.create<CompareOp>(Comparison::GE, coordinates[*axis], size);
    Value turned = node.create<SubOp>(coordinates[*axis], size);
    coordinates[*axis] = node.create<SelectOp>(isBeyond, turned, coordinates[*axis]);
  }
  return node.setResult(table.write(node.getInput(0), table.locate(coordinates), node.getInput(1)));
}

/// The first `sequence_lens` elements along time in reverse, for each sample.
LogicalResult importReverseSequence(NodeImporter &node) {
  RankedTensorType type = node.getType(0), lengths = node.getType(1);
  if (!type || !lengths)
    return failure();
  int64_t time = node.getInt("time_axis", 0), batch = node.getInt("batch_axis", 1);
  if (type.getRank() < 2 || time + batch != 1 || lengths.getRank() != 1)
    return node.emitError("time and batch must be the first two dimensions");
  SmallVector<Dim> shape = graph::getDims(type);
  Table table(node, shape, type.getRank());
  SmallVector<Value> coordinates;
  for (int64_t dim : llvm::seq<int64_t>(0, type.getRank()))
    coordinates.push_back(table.coordinate(shape, dim));
  RankedTensorType indexType = getTensorType(shape, node.getBuilder().getI64Type());
  Value length = node.createAs<BroadcastOp>(indexType, node.createConvert(node.getInput(1), indexType.getElementType()),
                                            ArrayRef<int64_t>{batch});
  Value last = node.create<SubOp>(length, table.number({1, false}, shape));
  Value isInside = node.create<CompareOp>(Comparison::LT, coordinates[time], length);
  Value mirrored = node.create<SubOp>(last, coordinates[time]);
  coordinates[time] = node.create<SelectOp>(isInside, mirrored, coordinates[time]);
  return node.setResult(table.read(node.getInput(0), table.locate(coordinates)));
}

const OpImporter kImporters[] = {
    {"GatherElements", 11, importGatherElements},
    {"GatherND", 11, importGatherND},
    {"ReverseSequence", 10, importReverseSequence},
    {"Scatter", 9, importScatterElements},
    {"ScatterElements", 11, importScatterElements},
    {"ScatterND", 11, importScatterND},
    {"TensorScatter", 24, importTensorScatter},
};

} // namespace

ArrayRef<OpImporter> getElementsImporters() { return kImporters; }

} // namespace glyptic
