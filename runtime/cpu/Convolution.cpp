//===- Convolution.cpp - Convolutions and their gradients -----------------===//
//
// Activations are read and written where they lie: their layout is a matter of strides (channels last, by the
// compiler's choice). Weights are plain in memory and reordered into the kernel's blocks inside the call. Measured with
// oneDNN 3.2 on one AVX-512 core, 3x3, 64 to 64 features, 32x32, 16 samples: so 5.9, 5.8 and 5.9 ms (forward, input and
// weight gradient), the reorder 0.007 ms of it; all three tensors as the kernel likes them 5.7, 6.7 and 6.4 ms, and 0.3
// ms of reorders; weights used as they lie: no fast kernel, seconds.
//
// With one sample and many features that reorder is longer than the convolution (3x3, 512 to 512, 4x4: 0.8 and 0.6 ms),
// so programs that only infer keep the reordered weights. Activations in the kernel's own blocks would gain nothing
// there, either, and it has no Winograd algorithm for FP32.
//
//===----------------------------------------------------------------------===//
#include "runtime/core/ConvolutionShape.h"
#include "runtime/cpu/Primitives.h"
#include "runtime/cpu/Routines.h"

#include <array>
#include <string_view>

namespace glyptic::runtime {
namespace {

class ConvolutionBase : public PrimitiveRoutine {
public:
  explicit ConvolutionBase(const CallSite &site) : PrimitiveRoutine(site), shape(site), gaps(shape.dilations) {
    for (int64_t &gap : gaps)
      --gap;
  }

protected:
  struct Descs {
    memory::desc input, weight, output;
  };

  /// As the tensors lie in memory.
  Descs plain(int64_t batch) const {
    auto desc = [](const ConvolutionShape::Tensor &tensor) { return plainDesc(tensor.sizes, tensor.strides); };
    return {desc(shape.input(batch)), desc(grouped(shape.weight())), desc(shape.output(batch))};
  }

  static memory::desc any(const memory::desc &desc) {
    return {desc.get_dims(), desc.get_data_type(), memory::format_tag::any};
  }

  static bool isReference(const char *implementation) {
    return std::string_view(implementation).find("ref") != std::string_view::npos;
  }

  /// Describes the primitive with the activations where they lie and the weight as the kernel likes it; only if no fast
  /// kernel takes them so, with all three as it likes.
  template <typename Make> auto choose(const Descs &plain, Make make) const {
    auto desc = make(Descs{plain.input, any(plain.weight), plain.output});
    if (!isReference(desc.impl_info_str()))
      return desc;
    return make(Descs{any(plain.input), any(plain.weight), any(plain.output)});
  }

  /// An argument of a primitive: how the tensor lies in memory, and how the kernel takes it.
  struct Argument {
    int kind; ///< DNNL_ARG_...
    memory::desc plain, taken;
  };

  /// Adds the primitive. Its arguments are the call's operands in order; the third is the result.
  template <typename Primitive, typename Desc>
  void add(Sequence &sequence, const Desc &desc, const std::array<Argument, 3> &arguments) const {
    const auto &[first, second, result] = arguments;
    auto taken = [&](size_t index, const Argument &argument) {
      Sequence::Value operand = sequence.operand(index, argument.plain);
      return site.isPacked(index) ? sequence.packed(operand, argument.taken)
                                  : sequence.reordered(operand, argument.taken);
    };
    auto one = taken(0, first), other = taken(1, second);
    auto target = sequence.operand(2, result.plain);
    auto computed = sequence.written(target, result.taken);
    sequence.add(Primitive(desc), desc.scratchpad_desc(),
                 {{first.kind, one}, {second.kind, other}, {result.kind, computed}});
    sequence.finish(computed, target);
  }

  ConvolutionShape shape;
  Dims gaps; ///< oneDNN's dilations: elements between those under a window

private:
  /// Weights of a grouped convolution have the group as a dimension of its own.
  ConvolutionShape::Tensor grouped(ConvolutionShape::Tensor weight) const {
    if (shape.groups == 1)
      return weight;
    int64_t perGroup = weight.sizes[0] / shape.groups;
    weight.sizes[0] = perGroup;
    weight.sizes.insert(weight.sizes.begin(), shape.groups);
    weight.strides.insert(weight.strides.begin(), weight.strides[0] * perGroup);
    return weight;
  }
};

class Convolution : public ConvolutionBase {
public:
  using ConvolutionBase::ConvolutionBase;

  void build(int64_t batch, Sequence &sequence) const override {
    Descs plain = this->plain(batch);
    using Desc = dnnl::convolution_forward::primitive_desc;
    Desc desc = choose(plain, [&](const Descs &d) {
      return Desc(engine, dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, d.input, d.weight,
                  d.output, shape.strides, gaps, shape.low, shape.high, userScratchpad());
    });
    add<dnnl::convolution_forward>(sequence, desc,
                                   {{{DNNL_ARG_SRC, plain.input, desc.src_desc()},
                                     {DNNL_ARG_WEIGHTS, plain.weight, desc.weights_desc()},
                                     {DNNL_ARG_DST, plain.output, desc.dst_desc()}}});
  }
};

/// oneDNN describes a gradient with the forward convolution at hand.
dnnl::convolution_forward::primitive_desc forwardHint(const dnnl::engine &engine, const memory::desc &input,
                                                      const memory::desc &weight, const memory::desc &output,
                                                      const ConvolutionShape &shape, const Dims &gaps) {
  return dnnl::convolution_forward::primitive_desc(engine, dnnl::prop_kind::forward_training,
                                                   dnnl::algorithm::convolution_direct, input, weight, output,
                                                   shape.strides, gaps, shape.low, shape.high);
}

class ConvolutionInputGradient : public ConvolutionBase {
public:
  using ConvolutionBase::ConvolutionBase;

  void build(int64_t batch, Sequence &sequence) const override {
    Descs plain = this->plain(batch);
    using Desc = dnnl::convolution_backward_data::primitive_desc;
    Desc desc = choose(plain, [&](const Descs &d) {
      return Desc(engine, dnnl::algorithm::convolution_direct, d.input, d.weight, d.output, shape.strides, gaps,
                  shape.low, shape.high, forwardHint(engine, any(d.input), any(d.weight), any(d.output), shape, gaps),
                  userScratchpad());
    });
    add<dnnl::convolution_backward_data>(sequence, desc,
                                         {{{DNNL_ARG_DIFF_DST, plain.output, desc.diff_dst_desc()},
                                           {DNNL_ARG_WEIGHTS, plain.weight, desc.weights_desc()},
                                           {DNNL_ARG_DIFF_SRC, plain.input, desc.diff_src_desc()}}});
  }
};

class ConvolutionWeightGradient : public ConvolutionBase {
public:
  using ConvolutionBase::ConvolutionBase;

  void build(int64_t batch, Sequence &sequence) const override {
    Descs plain = this->plain(batch);
    using Desc = dnnl::convolution_backward_weights::primitive_desc;
    Desc desc = choose(plain, [&](const Descs &d) {
      return Desc(engine, dnnl::algorithm::convolution_direct, d.input, d.weight, d.output, shape.strides, gaps,
                  shape.low, shape.high, forwardHint(engine, any(d.input), any(d.weight), any(d.output), shape, gaps),
                  userScratchpad());
    });
    add<dnnl::convolution_backward_weights>(sequence, desc,
                                            {{{DNNL_ARG_SRC, plain.input, desc.src_desc()},
                                              {DNNL_ARG_DIFF_DST, plain.output, desc.diff_dst_desc()},
                                              {DNNL_ARG_DIFF_WEIGHTS, plain.weight, desc.diff_weights_desc()}}});
  }
};

} // namespace

std::unique_ptr<Routine> makeConvolution(const CallSite &site) { return std::make_unique<Convolution>(site); }
std::unique_ptr<Routine> makeConvolutionInputGradient(const CallSite &site) {
  return std::make_unique<ConvolutionInputGradient>(site);
}
std::unique_ptr<Routine> makeConvolutionWeightGradient(const CallSite &site) {
  return std::make_unique<ConvolutionWeightGradient>(site);
}

} // namespace glyptic::runtime
