//===- Elements.cpp - Elements and slices at computed places ------------------===//
//
// All of these read or write a tensor at positions given by coordinates, so all become gather and scatter along the
// one dimension of a flattened tensor, at row-major positions computed from the coordinates: one pair of ops with a
// derivative and a kernel instead of eight.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"
#include "dialects/Graph/Builders.h"

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
    Value isWritten = node.create<CompareOp>(Comparison::GT, scatter(ReductionKind::Sum, position, ones), zeros());
    return node.create<SelectOp>(isWritten, scatter(ReductionKind::Sum, position, updates), data);
  }

  /// `data` combined with all `updates` that go to an element.
  template <typename OpT> Value combine(ReductionKind kind, Value data, Value position, Value updates) {
    return node.create<OpT>(data, scatter(kind, position, updates));
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

  Value scatter(ReductionKind kind, Value position, Value updates) {
    if (!position || !updates)
      return {};
    RankedTensorType flat = getTensorType(flatDims(), cast<RankedTensorType>(updates.getType()).getElementType());
    return node.createReshape(node.createAs<ScatterOp>(flat, kind, position, updates, 0), dims);
  }

  NodeImporter &node;
  SmallVector<Dim> dims;
  int64_t depth;
};

/// `combine` is the attribute reduction: how an update meets the element that it goes to.
LogicalResult setScattered(NodeImporter &node, Table &table, Value position, Value updates) {
  std::string combine = node.getString("reduction", "none");
  Value data = node.getInput(0);
  if (combine == "none")
    return node.setResult(table.write(data, position, updates));
  if (combine == "add")
    return node.setResult(table.combine<AddOp>(ReductionKind::Sum, data, position, updates));
  if (combine == "mul")
    return node.setResult(table.combine<MulOp>(ReductionKind::Prod, data, position, updates));
  if (combine == "max")
    return node.setResult(table.combine<MaxOp>(ReductionKind::Max, data, position, updates));
  if (combine == "min")
    return node.setResult(table.combine<MinOp>(ReductionKind::Min, data, position, updates));
  return node.emitError("the attribute reduction has the unknown value " + combine);
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

//===-- Samples between elements ----------------------------------------------------------------------------------===//

/// Reads images at places that lie between their elements: a weighted sum of those around each place.
class Sampler {
public:
  Sampler(NodeImporter &node, RankedTensorType image, RankedTensorType grid)
      : node(node), dims(graph::getDims(image)), shape(ArrayRef<Dim>(graph::getDims(grid)).drop_back()),
        isAligned(node.getInt("align_corners", 0)), padding(node.getString("padding_mode", "zeros")),
        table(node, getTableDims(), dims.size() - 1) {}

  /// Rows of the result: what is around each place, for all channels.
  Value sample(Value images, Value grid, int64_t taps) {
    SmallVector<int64_t> toLast{0};
    llvm::append_range(toLast, llvm::seq<int64_t>(2, dims.size()));
    toLast.push_back(1);
    images = node.createTranspose(images, toLast);
    SmallVector<Axis> axes;
    for (size_t i = 0; i + 2 < dims.size(); ++i)
      axes.push_back(locate(grid, i, taps));
    Value sum;
    int64_t count = 1;
    for (size_t i = 0; i < axes.size(); ++i)
      count *= taps;
    for (int64_t combination = 0; combination < count; ++combination) {
      Value part = readTap(images, axes, combination, taps);
      sum = sum ? node.create<AddOp>(sum, part) : part;
    }
    SmallVector<int64_t> toSecond{0, int64_t(dims.size()) - 1};
    llvm::append_range(toSecond, llvm::seq<int64_t>(1, dims.size() - 1));
    return node.createTranspose(sum, toSecond);
  }

private:
  /// Along one dimension of the image: what each tap reads, and how much it counts.
  struct Axis {
    SmallVector<Value> coordinates, weights;
  };

  SmallVector<Dim> getTableDims() const {
    SmallVector<Dim> channelsLast{dims[0]};
    llvm::append_range(channelsLast, ArrayRef<Dim>(dims).drop_front(2));
    channelsLast.push_back(dims[1]);
    return channelsLast;
  }

  Expr expr(Value value) { return Expr(node.getBuilder(), node.getLoc(), value); }

  Axis locate(Value grid, size_t i, int64_t taps) {
    double size = dims[i + 2].scale;
    // The last dimension of the grid holds x, y, z: the image's dimensions from the last on. From -1 to 1 is the whole
    // image, from the centre of its first element to that of the last, or from edge to edge.
    SmallVector<int64_t> starts(shape.size() + 1, 0), strides(shape.size() + 1, 1);
    starts.back() = int64_t(dims.size()) - 3 - int64_t(i);
    SmallVector<Dim> sizes(shape);
    sizes.push_back({1, false});
    Expr unit = expr(node.createReshape(node.createSlice(grid, starts, strides, sizes), shape));
    Expr place = unit * ((isAligned ? size - 1 : size) / 2) + (size - 1) / 2;
    if (taps == 1)
      place = round(place);
    if (padding != "zeros")
      place = bound(place, size);
    Expr first = taps == 1 ? place : Expr::build<FloorOp>(place), rest = place - first;
    Axis axis;
    for (int64_t tap = 0; tap < taps; ++tap) {
      Expr element = first + double(taps == 4 ? tap - 1 : tap), inside = bound(element, size);
      Expr weight = getWeight(rest, tap, taps);
      if (padding == "zeros")
        weight = select((element >= 0.0) & (element <= size - 1), weight, 0.0);
      axis.coordinates.push_back(node.createConvert(inside, node.getBuilder().getI64Type()));
      axis.weights.push_back(weight);
    }
    return axis;
  }

  /// The place inside the image that stands for one outside.
  Expr bound(Expr place, double size) {
    if (padding == "reflection") {
      double low = isAligned ? 0 : -0.5, range = isAligned ? size - 1 : size;
      Expr distance = Expr::build<RemOp>(abs(place - low), std::max(2 * range, 1.0));
      place = min(distance, 2 * range - distance) + low;
    }
    // Reflected at its edge, an element half outside may still be one.
    return padding == "reflection" ? place : max(min(place, size - 1), 0.0);
  }

  /// Of tap `tap`, where the place is `rest` behind the first one (of four, the second).
  Expr getWeight(Expr rest, int64_t tap, int64_t taps) {
    if (taps == 1)
      return rest + 1.0;
    if (taps == 2)
      return tap == 0 ? 1.0 - rest : rest;
    constexpr double a = -0.75; // Keys' convolution
    Expr distance = tap == 0 ? rest + 1.0 : tap == 1 ? rest : tap == 2 ? 1.0 - rest : 2.0 - rest;
    if (tap == 1 || tap == 2)
      return ((a + 2) * distance - (a + 3)) * distance * distance + 1.0;
    return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
  }

  Value readTap(Value images, ArrayRef<Axis> axes, int64_t combination, int64_t taps) {
    SmallVector<Value> coordinates{table.coordinate(shape, 0)};
    Value weight;
    for (const Axis &axis : axes) {
      int64_t tap = combination % taps;
      combination /= taps;
      coordinates.push_back(axis.coordinates[tap]);
      weight = weight ? node.create<MulOp>(weight, axis.weights[tap]) : axis.weights[tap];
    }
    Value elements = table.read(images, table.locate(coordinates));
    if (!elements)
      return {};
    auto type = cast<RankedTensorType>(elements.getType());
    weight = node.createConvert(weight, type.getElementType());
    auto along = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
    return node.create<MulOp>(elements, node.createAs<BroadcastOp>(type, weight, along));
  }

  NodeImporter &node;
  SmallVector<Dim> dims, shape; ///< of the images, and of the places
  bool isAligned;
  std::string padding;
  Table table;
};

LogicalResult importGridSample(NodeImporter &node) {
  RankedTensorType image = node.getType(0), grid = node.getType(1);
  if (!image || !grid)
    return failure();
  if (!isa<FloatType>(image.getElementType()))
    return node.emitError("samples images of integers, which is not supported; convert them with Cast");
  int64_t rank = image.getRank();
  if (rank < 3 || rank > 5 || ShapedType::isDynamicShape(image.getShape().drop_front()))
    return node.emitError("its images must have one to three dimensions of fixed sizes, after samples and channels");
  if (grid.getRank() != rank || grid.getDimSize(rank - 1) != rank - 2 || getDim(image, 0) != getDim(grid, 0))
    return node.emitError("its grid must have the images' number of dimensions and of samples, and in its last "
                          "dimension a number for each dimension of an image");
  std::string mode = node.getString("mode", "linear"), padding = node.getString("padding_mode", "zeros");
  bool isLinear = mode == "linear" || mode == "bilinear", isCubic = mode == "cubic" || mode == "bicubic";
  if (!isLinear && !isCubic && mode != "nearest")
    return node.emitError("its mode must be linear, nearest or cubic");
  if (padding != "zeros" && padding != "border" && padding != "reflection")
    return node.emitError("its padding_mode must be zeros, border or reflection");
  Sampler sampler(node, image, grid);
  return node.setResult(sampler.sample(node.getInput(0), node.getInput(1), isLinear ? 2 : isCubic ? 4 : 1));
}

const OpImporter kImporters[] = {
    {"GatherElements", 11, importGatherElements},
    {"GatherND", 11, importGatherND},
    {"GridSample", 16, importGridSample},
    {"ReverseSequence", 10, importReverseSequence},
    {"Scatter", 9, importScatterElements},
    {"ScatterElements", 11, importScatterElements},
    {"ScatterND", 11, importScatterND},
    {"TensorScatter", 24, importTensorScatter},
};

} // namespace

ArrayRef<OpImporter> getElementsImporters() { return kImporters; }

} // namespace glyptic
