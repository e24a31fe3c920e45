//===- Recognise.h - Composite ops that a model spells out ------*- C++ -*-===//
//
// Exporters write a GELU as five nodes and a layer norm as nine. A recogniser says what a candidate, the last op of
// such a formula, computes, and from which values; the pass (Recognise.cpp) checks that nothing else needs what lies
// between, and puts the composite in its place.
//
// To add one: write its formula as a function in the file of its kind, and its line in the table at that file's end.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/Builders.h"
#include <functional>

namespace glyptic::recognise {

struct Found {
  llvm::SmallVector<mlir::Value> inputs; ///< where the formula begins; constants are not among them
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Location)> build;
};

struct Recogniser {
  llvm::StringLiteral name, formula;
  std::optional<Found> (*match)(mlir::Value root);
};

// One table for each file of recognisers.
llvm::ArrayRef<Recogniser> getGates();
llvm::ArrayRef<Recogniser> getSoftmaxes();
llvm::ArrayRef<Recogniser> getNorms();
llvm::ArrayRef<Recogniser> getAttentions();
llvm::ArrayRef<Recogniser> getDropouts();

} // namespace glyptic::recognise
