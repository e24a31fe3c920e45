//===- Softmax.cpp - Softmax and its logarithm ------------------*- C++ -*-===//
//
// The composite does not overflow, whether or not the formula subtracts the maximum; losses know it, and are computed
// from its input.
//
//===----------------------------------------------------------------------===//
#include "compiler/Recognise/Formula.h"
#include "compiler/Recognise/Recognise.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::recognise {
namespace {

template <typename Op> Found makeAlong(const RowReduction &rows) {
  return {{rows.input}, [rows](OpBuilder &builder, Location loc) {
            return Op::create(builder, loc, rows.input, rows.dims).getResult();
          }};
}

/// Rows of x, where the value repeats the sum of each row of e^x.
std::optional<RowReduction> getExponentialSum(Repeated value) {
  std::optional<RowReduction> sum = getRowReduction(value, ReductionKind::Sum);
  auto exponential = sum ? sum->input.getDefiningOp<ExpOp>() : ExpOp();
  return exponential ? std::optional(RowReduction{exponential.getInput(), sum->dims}) : std::nullopt;
}

/// e^x / sum(e^x), or times the reciprocal of that sum.
std::optional<Found> matchSoftmax(Value root) {
  Value numerator;
  Repeated sum;
  if (auto division = root.getDefiningOp<DivOp>()) {
    numerator = division.getLhs();
    sum = getSource(division.getRhs());
  } else if (auto product = root.getDefiningOp<MulOp>()) {
    for (auto [x, y] : getOrders(product)) {
      Repeated reciprocal = getSource(y);
      auto division = reciprocal.value.getDefiningOp<DivOp>();
      if (!division || getSplat(division.getLhs()) != 1.0)
        continue;
      numerator = x;
      sum = reciprocal.with(division.getRhs());
    }
  }
  auto exponential = numerator ? numerator.getDefiningOp<ExpOp>() : ExpOp();
  std::optional<RowReduction> rows = exponential ? getExponentialSum(sum) : std::nullopt;
  if (!rows || rows->input != exponential.getInput())
    return std::nullopt;
  return makeAlong<SoftmaxOp>(*rows);
}

/// Rows of x, where the value is x less the maximum of each row.
std::optional<RowReduction> getShifted(Value value) {
  auto difference = value.getDefiningOp<SubOp>();
  auto rows = difference ? getRowReduction(Repeated::whole(difference.getRhs()), ReductionKind::Max) : std::nullopt;
  return rows && rows->input == difference.getLhs() ? rows : std::nullopt;
}

/// A softmax is the same for scores that are shifted by one number in each row.
template <typename Op> std::optional<Found> matchShifted(Value root) {
  auto op = root.getDefiningOp<Op>();
  std::optional<RowReduction> rows = op ? getShifted(op.getInput()) : std::nullopt;
  if (!rows || ArrayRef(rows->dims) != op.getDims())
    return std::nullopt;
  return makeAlong<Op>(*rows);
}

std::optional<Found> matchLogOfSoftmax(Value root) {
  auto log = root.getDefiningOp<LogOp>();
  auto softmax = log ? log.getInput().getDefiningOp<SoftmaxOp>() : SoftmaxOp();
  if (!softmax)
    return std::nullopt;
  return makeAlong<LogSoftmaxOp>({softmax.getInput(), SmallVector<int64_t>(softmax.getDims())});
}

/// Rows of x, where the value repeats log(sum(e^x)) or, with the maximum m of each row, log(sum(e^(x - m))) + m.
std::optional<RowReduction> getLogSum(Repeated value) {
  value = getSource(value);
  if (auto log = value.value.getDefiningOp<LogOp>())
    return getExponentialSum(value.with(log.getInput()));
  auto sum = value.value.getDefiningOp<AddOp>();
  if (!sum)
    return std::nullopt;
  for (auto [x, y] : getOrders(sum)) {
    Repeated logSum = getSource(value.with(x));
    auto log = logSum.value.getDefiningOp<LogOp>();
    auto exponents = log ? getExponentialSum(logSum.with(log.getInput())) : std::nullopt;
    auto shifted = exponents ? getShifted(exponents->input) : std::nullopt;
    auto maximum = getRowReduction(value.with(y), ReductionKind::Max);
    if (shifted && maximum && maximum->input == shifted->input && maximum->dims == shifted->dims &&
        shifted->dims == exponents->dims)
      return shifted;
  }
  return std::nullopt;
}

std::optional<Found> matchLogSoftmax(Value root) {
  auto difference = root.getDefiningOp<SubOp>();
  auto rows = difference ? getLogSum(Repeated::whole(difference.getRhs())) : std::nullopt;
  if (!rows || rows->input != difference.getLhs())
    return std::nullopt;
  return makeAlong<LogSoftmaxOp>(*rows);
}

constexpr Recogniser kSoftmaxes[] = {
    {"softmax", "e^x / sum(e^x)", matchSoftmax},
    {"log_softmax", "log(softmax(x))", matchLogOfSoftmax},
    {"log_softmax", "x - log(sum(e^x))", matchLogSoftmax},
    {"softmax", "softmax(x - max(x))", matchShifted<SoftmaxOp>},
    {"log_softmax", "log_softmax(x - max(x))", matchShifted<LogSoftmaxOp>},
};

} // namespace

ArrayRef<Recogniser> getSoftmaxes() { return kSoftmaxes; }

} // namespace glyptic::recognise
