//===- Pool.cpp - Pooling and its gradient --------------------------------===//
#include "runtime/cpu/Primitives.h"
#include "runtime/cpu/Routines.h"
#include "support/glyph/Names.h"

#include <algorithm>

namespace glyptic::runtime {
namespace {

/// A pooling has a window for every dimension. oneDNN wants two dimensions without one in front (batch and feature: the
/// arithmetic is the same in each) and one to three with.
class PoolBase : public PrimitiveRoutine {
public:
  PoolBase(const CallSite &site, size_t input, size_t output) : PrimitiveRoutine(site), input(input), output(output) {
    auto rank = static_cast<int64_t>(site.rank(input));
    int64_t kind = site.scalar(names::kKind);
    if (kind < 0 || kind > 2)
      site.fail("its kind " + std::to_string(kind) + " is unknown");
    constexpr dnnl::algorithm kinds[] = {dnnl::algorithm::pooling_max, dnnl::algorithm::pooling_avg_exclude_padding,
                                         dnnl::algorithm::pooling_avg_include_padding};
    algorithm = kinds[kind];
    for (auto [name, list] :
         {std::pair(names::kWindow, &window), std::pair(names::kStrides, &strides), std::pair(names::kPadsLow, &low),
          std::pair(names::kPadsHigh, &high), std::pair(names::kDilations, &dilations)})
      *list = site.parameter(name, rank);
    chooseOrder(static_cast<size_t>(rank));
    for (int64_t batch : {int64_t(1), int64_t(2)})
      checkShapes(batch);
  }

protected:
  bool isMax() const { return algorithm == dnnl::algorithm::pooling_max; }

  /// A tensor in oneDNN's order; dimensions that it wants and the tensor lacks have extent one.
  memory::desc descOf(size_t operand, int64_t batch) const {
    Dims shape = site.shape(operand, batch), strides = rowMajor(shape), sizes, steps;
    int64_t span = shape.empty() ? 1 : shape[0] * strides[0];
    for (size_t dim : order) {
      bool lacking = dim >= shape.size();
      sizes.push_back(lacking ? 1 : shape[dim]);
      steps.push_back(lacking ? span : strides[dim]);
    }
    return plainDesc(sizes, steps);
  }

  dnnl::pooling_forward::primitive_desc forward(int64_t batch, const dnnl::primitive_attr &attributes) const {
    dnnl::prop_kind kind = dnnl::prop_kind::forward_training;
    return dnnl::pooling_forward::primitive_desc(engine, kind, algorithm, descOf(input, batch), descOf(output, batch),
                                                 spatial(strides, 1), spatial(window, 1), gaps(), spatial(low, 0),
                                                 spatial(high, 0), attributes);
  }

  dnnl::pooling_backward::primitive_desc backward(int64_t batch,
                                                  const dnnl::pooling_forward::primitive_desc &hint) const {
    return dnnl::pooling_backward::primitive_desc(engine, algorithm, descOf(input, batch), descOf(output, batch),
                                                  spatial(strides, 1), spatial(window, 1), gaps(), spatial(low, 0),
                                                  spatial(high, 0), hint, userScratchpad());
  }

  size_t input, output; ///< the operands that have the shapes of the forward pooling

private:
  bool isTrivial(size_t dim) const { return window[dim] == 1 && strides[dim] == 1 && low[dim] == 0 && high[dim] == 0; }

  void chooseOrder(size_t rank) {
    std::vector<size_t> trivial, rest;
    for (size_t dim = 0; dim < rank; ++dim)
      (isTrivial(dim) ? trivial : rest).push_back(dim);
    // The innermost dimension without a window is the feature: vectors then run along it where it lies innermost.
    while (trivial.size() < 2)
      trivial.insert(trivial.begin(), rank + trivial.size());
    order = {trivial.front(), trivial.back()};
    order.insert(order.end(), trivial.begin() + 1, trivial.end() - 1);
    order.insert(order.end(), rest.begin(), rest.end());
    std::sort(order.begin() + 2, order.end());
    if (order.size() == 2)
      order.push_back(rank + 2);
    if (order.size() > 5)
      site.fail("it slides over more than three dimensions, which is not supported");
  }

  Dims spatial(const Dims &values, int64_t lacking) const {
    Dims out;
    for (size_t i = 2; i < order.size(); ++i)
      out.push_back(order[i] < values.size() ? values[order[i]] : lacking);
    return out;
  }

  Dims gaps() const {
    Dims out = spatial(dilations, 1);
    for (int64_t &dilation : out)
      --dilation;
    return out;
  }

  void checkShapes(int64_t batch) const {
    Dims in = site.shape(input, batch), out = site.shape(output, batch);
    bool fits = in.size() == out.size();
    for (size_t i = 0; fits && i < in.size(); ++i) {
      fits = window[i] >= 1 && strides[i] >= 1 && dilations[i] >= 1 && low[i] >= 0 && high[i] >= 0;
      int64_t span = in[i] + low[i] + high[i] - (dilations[i] * (window[i] - 1) + 1);
      fits = fits && span >= 0 && span / strides[i] + 1 == out[i];
    }
    if (!fits)
      site.fail("its shapes do not fit each other");
  }

  dnnl::algorithm algorithm;
  Dims window, strides, low, high, dilations;
  std::vector<size_t> order; ///< oneDNN's dimension i is the tensor's order[i]; numbers from the rank on are lacking
};

class Pool : public PoolBase {
public:
  explicit Pool(const CallSite &site) : PoolBase(checked(site), 0, 1) {}

  void build(int64_t batch, Sequence &sequence) const override {
    auto desc = forward(batch, userScratchpad());
    std::map<int, Sequence::Value> arguments = {{DNNL_ARG_SRC, sequence.operand(0, desc.src_desc())},
                                                {DNNL_ARG_DST, sequence.operand(1, desc.dst_desc())}};
    if (isMax())
      arguments[DNNL_ARG_WORKSPACE] = sequence.scratch(desc.workspace_desc());
    sequence.add(dnnl::pooling_forward(desc), desc.scratchpad_desc(), arguments);
  }

private:
  static const CallSite &checked(const CallSite &site) {
    site.expectOperands(1, 1, DType::F32);
    return site;
  }
};

class PoolGradient : public PoolBase {
public:
  explicit PoolGradient(const CallSite &site) : PoolBase(checked(site), 0, 1) {}

  void build(int64_t batch, Sequence &sequence) const override {
    auto hint = forward(batch, userScratchpad());
    auto desc = backward(batch, hint);
    std::map<int, Sequence::Value> arguments = {{DNNL_ARG_DIFF_DST, sequence.operand(1, desc.diff_dst_desc())},
                                                {DNNL_ARG_DIFF_SRC, sequence.operand(2, desc.diff_src_desc())}};
    if (isMax()) {
      // Where each maximum was is found again; keeping it from the forward pass would be state of the program.
      auto workspace = sequence.scratch(hint.workspace_desc());
      sequence.add(dnnl::pooling_forward(hint), hint.scratchpad_desc(),
                   {{DNNL_ARG_SRC, sequence.operand(0, hint.src_desc())},
                    {DNNL_ARG_DST, sequence.scratch(hint.dst_desc())},
                    {DNNL_ARG_WORKSPACE, workspace}});
      arguments[DNNL_ARG_WORKSPACE] = workspace;
    }
    sequence.add(dnnl::pooling_backward(desc), desc.scratchpad_desc(), arguments);
  }

private:
  static const CallSite &checked(const CallSite &site) {
    site.expectOperands(2, 1, DType::F32);
    if (site.shape(0, 1) != site.shape(2, 1) || site.shape(0, 2) != site.shape(2, 2))
      site.fail("its result has another shape than the pooling's input");
    return site;
  }
};

} // namespace

std::unique_ptr<Routine> makePool(const CallSite &site) { return std::make_unique<Pool>(site); }
std::unique_ptr<Routine> makePoolGradient(const CallSite &site) { return std::make_unique<PoolGradient>(site); }

} // namespace glyptic::runtime
