//===- FileForm.h - Nodes that a file holds in training form ----*- C++ -*-===//
//
// An exporter may write a network as it computes while it trains: then the file says so wherever it runs. Each operator
// with both forms says in a table beside its import rule what makes the difference.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/FlatGraph.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace glyptic {

/// The stored tensor of a name; null if it is none.
using StoredLookup = llvm::function_ref<const onnx::TensorProto *(llvm::StringRef)>;

struct FormRule {
  llvm::StringLiteral op;
  llvm::StringLiteral effect; ///< of the training form: `drops elements at random`
  bool (*isTraining)(const onnx::NodeProto &node, int64_t opset, StoredLookup stored);
  // What is left in inference form.
  llvm::StringLiteral attribute; ///< is not; empty if none is in the way
  int inputs, outputs;
  /// Output and operand: the result that nothing computes any more is the operand.
  llvm::SmallVector<std::pair<int, int>, 2> handedOn = {};
};

/// The rule of an operator of ONNX's own domain; null if it has one form.
const FormRule *lookupFormRule(const onnx::NodeProto &node);

/// Which operators are in training form, how often, and what that does; empty if none is.
std::string describeTrainingForm(const ModelFile &file, const FlatGraph &graph);

/// The tensor that a Constant node holds; null if the node is another one.
const onnx::TensorProto *getConstant(const onnx::NodeProto &node);

// One table for each file of Ops/ with such operators.
llvm::ArrayRef<FormRule> getNormalisationForms();
llvm::ArrayRef<FormRule> getRandomForms();

} // namespace glyptic
