//===- TensorUse.h - What a stored tensor is to its readers -----*- C++ -*-===//
//
// Where the exporter does not say which tensors are trained, it follows from what reads them. Every operator says it of
// its own operands, in a table beside its import rule; Weights.cpp asks, and knows no operator. A formula over stored
// tensors alone is seen through: an exporter would have written down its result if none of them were learnt.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/FlatGraph.h"
#include "llvm/ADT/StringSet.h"

namespace glyptic {

struct TensorUse {
  enum Kind {
    Other,    ///< a number of a formula, a bound, a mask, a table: none of the following
    Learnt,   ///< what training changes
    Kept,     ///< state that training does not change by gradients
    Shaping,  ///< how large a result is: a constant of the program
    HandedOn, ///< the result is the tensor in another form: its readers decide
  };
  Kind kind = Other;
  llvm::StringRef what = {}; ///< `weight`, `bias`, `running statistics`
  /// Of a layer's weight: how many features each position of the result has; all candidates where the weight may have
  /// been transposed on its way.
  llvm::SmallVector<int64_t, 2> features = {};
  bool isTable = false;    ///< rows are looked up: what is added to them is an embedding as well
  bool mayBeTable = false; ///< a table that a formula made is used in the same way: the numbers decide

  /// Of a tensor that joins activations.
  static TensorUse makeEmbedding() {
    TensorUse use{Learnt, "embedding"};
    use.mayBeTable = true;
    return use;
  }
};

class ReaderGraph;

/// Operand `slot` of `node` is a stored tensor, or one handed on, of `shape`.
struct Reading {
  const FlatNode &node;
  int slot;
  llvm::ArrayRef<int64_t> shape;
  const ReaderGraph &graph;
  bool isComputed = false; ///< the operand is not the tensor but a function of it

  int64_t getNumElements() const;
  /// The other one of two operands; empty if there are not two.
  llvm::StringRef getOther() const;
  /// At most one dimension is not 1: a bias is one, a mask or a table of positions is not.
  bool isVector() const;
  /// The operands besides are computed behind a layer with weights, and another layer reads the result: in between,
  /// numbers are the network's own; before the first layer and after the last they are the data's units.
  bool isBetweenLayers() const;
};

/// An operator's answer.
struct ReaderRule {
  llvm::StringLiteral op;
  TensorUse (*getUse)(const Reading &);
};

/// Operand 0 under another shape, order or type.
TensorUse useHandedOn(const Reading &reading);

/// The nodes of a model by what they read and make.
class ReaderGraph {
public:
  /// `stored`: shapes of the model's floating-point tensors by name; `inputs`: what is fed.
  ReaderGraph(const FlatGraph &graph, llvm::StringMap<llvm::SmallVector<int64_t>> stored, llvm::StringSet<> inputs);

  /// Follows a stored tensor to the first reader that knows what it is.
  struct Found {
    const FlatNode *node = nullptr;
    TensorUse use;
  };
  Found classify(llvm::StringRef name) const;

  /// The node that computes `name`, seen through those that only hand it on; null if none does.
  const FlatNode *getSource(llvm::StringRef name) const;
  /// The node that computes `name`, even if it only hands it on.
  const FlatNode *getComputation(llvm::StringRef name) const { return producers.lookup(name); }
  /// Does one of `ops` read `name`, perhaps in another form or behind one of `passing`?
  bool isReadBy(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> ops,
                llvm::ArrayRef<llvm::StringRef> passing = {}) const;
  /// The shape of the stored tensor that `name` is, or of the largest one where it is computed from stored tensors
  /// alone; null if it depends on what is fed.
  const llvm::SmallVector<int64_t> *getStored(llvm::StringRef name) const;
  bool followsLayer(llvm::StringRef name) const { return behindLayers.contains(name); }
  bool precedesLayer(llvm::StringRef name) const { return beforeLayers.contains(name); }
  /// What the stored weight of a layer is to it; `Other` if `node` is no such layer.
  TensorUse getLayerWeight(const FlatNode &node) const;

private:
  TensorUse getUse(const FlatNode &node, int slot, llvm::ArrayRef<int64_t> shape, bool isComputed) const;
  bool handsOn(const FlatNode &node) const;
  bool anyValue(const FlatNode &node, llvm::function_ref<bool(llvm::StringRef)> holds) const;
  void findStored(const FlatGraph &graph);
  void findLayers(const FlatGraph &graph);

  llvm::StringMap<llvm::SmallVector<int64_t>> stored; ///< and what is computed from them alone
  llvm::StringSet<> fed;                              ///< and what is computed from it
  llvm::StringSet<> behindLayers, beforeLayers;
  llvm::StringMap<llvm::SmallVector<std::pair<const FlatNode *, int>>> readers;
  llvm::StringMap<const FlatNode *> producers;
};

// One table for each file of Ops/ whose operators read weights or hand them on.
llvm::ArrayRef<ReaderRule> getActivationReaders();
llvm::ArrayRef<ReaderRule> getContractionReaders();
llvm::ArrayRef<ReaderRule> getConvolutionReaders();
llvm::ArrayRef<ReaderRule> getElementwiseReaders();
llvm::ArrayRef<ReaderRule> getIndexingReaders();
llvm::ArrayRef<ReaderRule> getNormalisationReaders();
llvm::ArrayRef<ReaderRule> getResizeReaders();
llvm::ArrayRef<ReaderRule> getSequenceReaders();
llvm::ArrayRef<ReaderRule> getShapeReaders();

} // namespace glyptic
