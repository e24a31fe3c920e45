//===- Entry.h - A function of the program under construction ---*- C++ -*-===//
#pragma once

#include "dialects/Graph/Builders.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace glyptic {

/// Values by name.
using NamedValues = llvm::MapVector<llvm::StringRef, mlir::Value>;

/// A function whose arguments and results go by name and role (compiler/Program.h).
class Entry {
public:
  /// Appends a function to the module.
  Entry(mlir::ModuleOp module, llvm::StringRef name);

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::func::FuncOp getFunction() { return function; }

  mlir::Value addArgument(llvm::StringRef name, llvm::StringRef role, mlir::Type type);
  /// Adds an argument like argument `index` of `other`, all attributes included.
  mlir::Value addArgumentOf(mlir::func::FuncOp other, unsigned index);
  void addResult(llvm::StringRef name, llvm::StringRef role, mlir::Value value);
  /// All arguments so far.
  NamedValues getArguments();

  /// Copies the body of `callee` with its arguments bound by name; returns its results, of which several may have one
  /// name: state and a metric.
  llvm::SmallVector<mlir::Value> inlineBody(mlir::func::FuncOp callee, const NamedValues &bindings);

  /// Ends the function, drops ops without use, and returns it.
  mlir::func::FuncOp finish();

private:
  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<mlir::Attribute> resultAttributes;
};

llvm::StringRef getArgumentName(mlir::func::FuncOp function, unsigned index);
llvm::StringRef getArgumentRole(mlir::func::FuncOp function, unsigned index);
llvm::StringRef getResultName(mlir::func::FuncOp function, unsigned index);
llvm::StringRef getResultRole(mlir::func::FuncOp function, unsigned index);

} // namespace glyptic
