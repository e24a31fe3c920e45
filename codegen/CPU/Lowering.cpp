//===- Lowering.cpp - Kernels to LLVM's dialect -----------------===//
#include "codegen/CPU/Lowering.h"
#include "codegen/CPU/MathApproximation.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace glyptic::codegen {

/// FP32 functions become polynomials on vectors (1 to 5 ULP). FP64, and what has no polynomial, calls libm.
static LogicalResult expandMath(ModuleOp kernels) {
  RewritePatternSet patterns(kernels.getContext());
  populateMathApproximations(patterns);
  populateMathPolynomialApproximationPatterns(patterns);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  return applyPatternsGreedily(kernels, std::move(patterns));
}

/// A flat buffer from its pointer. Kernels neither ask for its size nor for its allocation.
static Value makeBuffer(OpBuilder &builder, Location loc, const LLVMTypeConverter &converter, Value pointer,
                        Type type) {
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(builder, loc, pointer);
  descriptor.setAlignedPtr(builder, loc, pointer);
  descriptor.setConstantOffset(builder, loc, 0);
  descriptor.setConstantSize(builder, loc, 0, 0);
  descriptor.setConstantStride(builder, loc, 0, 1);
  return UnrealizedConversionCastOp::create(builder, loc, type, Value(descriptor)).getResult(0);
}

/// Gives the kernel the C interface of a launch.
static void setInterface(func::FuncOp kernel, const LLVMTypeConverter &converter) {
  Block &body = kernel.getBody().front();
  Location loc = kernel.getLoc();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext()), word = builder.getI64Type();
  const unsigned count = body.getNumArguments();
  Value buffers = body.addArgument(pointer, loc);
  for (unsigned i = 0; i < count; ++i) {
    BlockArgument argument = body.getArgument(i);
    Value value;
    if (isa<MemRefType>(argument.getType())) {
      Value at = LLVM::GEPOp::create(builder, loc, pointer, pointer, buffers, ArrayRef<LLVM::GEPArg>{int32_t(i)});
      Value address = LLVM::LoadOp::create(builder, loc, pointer, at, /*alignment=*/0, /*isVolatile=*/false,
                                           /*isNonTemporal=*/false, /*isInvariant=*/true);
      value = makeBuffer(builder, loc, converter, address, argument.getType());
    } else {
      value = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), body.addArgument(word, loc));
    }
    argument.replaceAllUsesWith(value);
  }
  body.eraseArguments(0, count);
  kernel.setType(builder.getFunctionType(body.getArgumentTypes(), {}));
}

LogicalResult lowerToLlvm(ModuleOp kernels) {
  MLIRContext *context = kernels.getContext();
  if (failed(expandMath(kernels)))
    return kernels.emitError("math functions do not expand");
  LLVMTypeConverter converter(context);
  for (func::FuncOp kernel : kernels.getOps<func::FuncOp>())
    setInterface(kernel, converter);

  RewritePatternSet patterns(context);
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  // What the processor has an instruction for (fma, sqrt, floor) must not become a call.
  populateMathToLLVMConversionPatterns(converter, patterns, /*approximateLog1p=*/false, /*benefit=*/2);
  populateMathToLibmConversionPatterns(patterns, /*benefit=*/1);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
  populateFuncToLLVMConversionPatterns(converter, patterns);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  if (failed(applyFullConversion(kernels, target, std::move(patterns))))
    return failure();
  SmallVector<UnrealizedConversionCastOp> casts;
  kernels.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  reconcileUnrealizedCasts(casts);
  return success();
}

} // namespace glyptic::codegen
