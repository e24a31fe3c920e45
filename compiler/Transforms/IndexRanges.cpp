//===- IndexRanges.cpp - Which values integer inputs may have ---===//
//
// Each element of a sample is followed to where it is an index. An input has one range, which holds for all of its
// elements: where they may be different things, it is the widest, and none if some may be anything.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/Program.h"
#include "dialects/Graph/HostTensor.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_INDEXRANGESPASS
#include "compiler/Passes.h.inc"

namespace {

/// Ops after which the elements are still those of the operand, perhaps fewer, elsewhere or more often.
bool passesValuesOn(Operation *op) {
  return op->getNumOperands() == 1 && op->getNumResults() == 1 &&
         (op->hasTrait<trait::View>() || op->hasTrait<trait::MovesElements>() || op->hasTrait<trait::Repeats>());
}

/// A conversion between integers that cannot lose a value in the ranges at hand.
bool widens(Operation *op) {
  auto convert = dyn_cast<ConvertOp>(op);
  if (!convert)
    return false;
  auto from = dyn_cast<IntegerType>(convert.getInput().getType().getElementType());
  auto to = dyn_cast<IntegerType>(convert.getType().getElementType());
  return from && to && from.getWidth() > 1 && to.getWidth() >= from.getWidth();
}

struct Range {
  int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> ignored;
  bool isUsed = false;

  /// An ignored value stays allowed where every use ignores it: a use that does not sees only values in its range.
  void intersect(const IndexUse &use) {
    low = std::max(low, use.low);
    high = std::min(high, use.high);
    ignored = isUsed && ignored != use.ignored ? std::nullopt : use.ignored;
    isUsed = true;
  }
};

/// What the elements of one sample of an input may be: columns of a table may be looked up in several tables.
class SampleRanges {
public:
  explicit SampleRanges(Value input) {
    std::optional<HostTensor> positions = makeTensor(input.getType());
    if (!positions)
      return;
    ranges.resize(positions->getNumElements());
    for (auto [i, position] : llvm::enumerate(positions->get<int64_t>()))
      position = i;
    work.emplace_back(input, std::move(*positions));
    while (!work.empty()) {
      auto [value, current] = std::move(work.back());
      work.pop_back();
      for (Operation *user : value.getUsers())
        take(value, current, user);
    }
    if (left < 0)
      ranges.clear();
  }

  /// One range for the whole input, which takes whatever any of its elements may be.
  Range unite() const {
    if (ranges.empty())
      return {};
    Range united = ranges.front();
    auto include = [&](std::optional<int64_t> value) {
      united.low = std::min(united.low, value.value_or(united.low));
      united.high = std::max(united.high, value ? *value + 1 : united.high);
    };
    for (const Range &range : ranges) {
      united.isUsed &= range.isUsed;
      united.low = std::min(united.low, range.low);
      united.high = std::max(united.high, range.high);
      if (united.ignored == range.ignored)
        continue;
      include(united.ignored);
      include(range.ignored);
      united.ignored.reset();
    }
    return united;
  }

private:
  /// For positions in a sample of that type; none, if too many would have been looked at: then the input's elements may
  /// be anything.
  std::optional<HostTensor> makeTensor(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    left -= getNumElements(tensor).at(1) + 1;
    if (left < 0)
      return std::nullopt;
    return HostTensor(IntegerType::get(type.getContext(), 64), getShapeAt(tensor, 1), HostPrecision::F64);
  }

  /// `positions` are those of the input's elements that a sample of `value` consists of.
  void take(Value value, const HostTensor &positions, Operation *user) {
    if (auto indexing = dyn_cast<IndexingOpInterface>(user))
      if (IndexUse use = indexing.getIndexUse(); use.indices == value)
        for (int64_t position : positions.get<int64_t>())
          ranges[position].intersect(use);
    if (!widens(user) && !passesValuesOn(user))
      return;
    std::optional<HostTensor> passed = makeTensor(user->getResult(0).getType());
    if (!passed)
      return;
    if (widens(user))
      *passed = positions;
    else if (failed(cast<EvaluableOpInterface>(user).evaluate({&positions}, *passed)))
      return;
    work.emplace_back(user->getResult(0), std::move(*passed));
  }

  std::vector<std::pair<Value, HostTensor>> work;
  int64_t left = 1 << 20; ///< elements that may still be looked at
  std::vector<Range> ranges; ///< by position within a sample
};

struct IndexRangesPass : impl::IndexRangesPassBase<IndexRangesPass> {
  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
        auto role = function.getArgAttrOfType<StringAttr>(i, kRoleAttr);
        if (!role || (role != role::Input && role != role::Label) ||
            !isa<IntegerType>(cast<RankedTensorType>(argument.getType()).getElementType()))
          continue;
        Range range = SampleRanges(argument).unite();
        if (!range.isUsed)
          continue;
        function.setArgAttr(i, kRangeAttr, builder.getDenseI64ArrayAttr({range.low, range.high}));
        if (range.ignored)
          function.setArgAttr(i, kIgnoredAttr, builder.getI64IntegerAttr(*range.ignored));
      }
  }
};

} // namespace
} // namespace glyptic
