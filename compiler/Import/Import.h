//===- Import.h - An ONNX file as a program ---------------------*- C++ -*-===//
//
// Reads an ONNX model and gives the program's module and its weights. Locations say where everything came from
// (dialects/Graph/NodeLocation.h). Weights are never copied into the module: each is an argument of `@infer` with the
// role `parameter` or `buffer`, and a view of its bytes here.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Errors.h"
#include "compiler/Options.h"
#include "compiler/Program.h"
#include "dialects/Graph/NodeLocation.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace glyptic {

struct FlatGraph;
struct ModelFile;

/// A tensor of the model that is state of the program.
struct Weight {
  std::string name;             ///< initializer, or output of the Constant node, that holds it
  mlir::RankedTensorType type;  ///< the ONNX shape
  llvm::ArrayRef<char> bytes;   ///< row-major, little-endian; valid as long as the ImportedModel
  llvm::StringRef role;         ///< role::Parameter or role::Buffer
  std::string reason;           ///< why it has that role, for the person who wonders what will be trained
  std::string use = {};         ///< `weight` of a node; empty if the reason is no node's
  std::string op = {};          ///< operator of that node
};

/// What is wrong with one node of a model.
struct NodeFault {
  graph::NodeOrigin node;
  std::string message; ///< names the node
};

/// The nodes of a model that cannot be imported, all together. The text names the file, then the first, then each.
class NodeFaults : public llvm::ErrorInfo<NodeFaults, CodedError> {
public:
  static char ID;

  NodeFaults(llvm::StringRef path, std::vector<NodeFault> faults)
      : ErrorInfo(ErrorCode::Unsupported), path(path), faults(std::move(faults)) {}

  llvm::ArrayRef<NodeFault> get() const { return faults; }
  void log(llvm::raw_ostream &out) const override;

private:
  std::string path;
  std::vector<NodeFault> faults;
};

/// Row-major little-endian bytes as an attribute. Copies them: for constants and tests, not for weights.
mlir::DenseElementsAttr getElements(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);

struct ImportedModel {
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< one function, `@infer`; null from importWeights
  std::vector<Weight> weights;              ///< in the order of the function's arguments
  std::shared_ptr<const ModelFile> file;      ///< owns the bytes of the weights; the exporter patches it
  std::shared_ptr<const FlatGraph> graph;     ///< owns those of constants inside of functions
  /// Which operators the file holds in training form, and what that does wherever it runs; empty if none.
  std::string trainingForm;
};

/// Imports the model at `path` (binary, or text if it ends in `.onnxtxt`). The error's text is complete: file, node, op
/// type, what is wrong and what to do; several faulty nodes are reported together. Thread-safe for distinct contexts.
llvm::Expected<ImportedModel> importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
                                         const CompileOptions &options);

/// The weights only, which needs neither shapes nor supported operators.
llvm::Expected<ImportedModel> importWeights(mlir::MLIRContext &context, llvm::StringRef path,
                                            const CompileOptions &options);

/// An operator with an importer, and the first opset whose meaning that implements.
struct SupportedOperator {
  llvm::StringRef domain, op; ///< the domain of ONNX's own operators is empty
  int64_t sinceVersion;
};

/// Sorted. Operators that ONNX defines by a body need no importer.
std::vector<SupportedOperator> getSupportedOperators();

} // namespace glyptic
