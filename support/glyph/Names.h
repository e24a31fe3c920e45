//===- Names.h - Names that compiler and runtime agree on -------*- C++ -*-===//
//
// A glyph refers to these by text; whoever writes it and whoever reads it take the text from here. What entries, roles
// and counters mean stands in compiler/Program.h.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace glyptic::names {

// Entries.
inline constexpr char kInfer[] = "infer", kEvaluate[] = "evaluate", kGrad[] = "grad", kApply[] = "apply",
                      kStep[] = "step";

/// The role of the array that a loss compares an output with.
inline constexpr char kLabel[] = "label";

// What training entries return besides metrics: totals of a batch, and the divided values of a step.
inline constexpr char kLoss[] = "loss", kWeight[] = "weight", kLearningRate[] = "learning_rate",
                      kGradientNorm[] = "gradient_norm", kFinite[] = "finite";

/// The counter that random numbers are keyed by.
inline constexpr char kSeed[] = "training.seed";

// Library routines, and their parameters.
inline constexpr char kMatmul[] = "matmul", kConvolution[] = "convolution",
                      kConvolutionInputGradient[] = "convolution_input_gradient",
                      kConvolutionWeightGradient[] = "convolution_weight_gradient", kPool[] = "pool",
                      kPoolGradient[] = "pool_gradient", kAttention[] = "attention",
                      kAttentionGradient[] = "attention_gradient";
/// Of any routine, and may be missing: operands that no entry writes, worth a second copy in the order that the library
/// reads fastest.
inline constexpr char kPacked[] = "packed";
inline constexpr char kLhsBatch[] = "lhs_batch", kRhsBatch[] = "rhs_batch", kLhsContracting[] = "lhs_contracting",
                      kRhsContracting[] = "rhs_contracting"; ///< of matmul: dimensions
inline constexpr char kInputDims[] = "input_dims", kWeightDims[] = "weight_dims", kOutputDims[] = "output_dims",
                      kGroups[] = "groups"; ///< of convolutions
inline constexpr char kKind[] = "kind", kWindow[] = "window"; ///< of pooling
inline constexpr char kStrides[] = "strides", kPadsLow[] = "pads_low", kPadsHigh[] = "pads_high",
                      kDilations[] = "dilations"; ///< of both

} // namespace glyptic::names
