//===- Cudnn.h - NVIDIA's convolutions, opened at run time ------*- C++ -*-===//
//
// cuDNN's graph interface: everything is a descriptor with attributes. NVIDIA's own C++ layer over it needs the headers
// of a package of 370 MB and half a minute to compile; convolutions need but these functions.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cuda/Driver.h"

#include <string>
#include <vector>

namespace glyptic::runtime::cuda {

/// The functions of cuDNN that are used, as cudnn_graph.h declares them. A result of 0 is success; check() throws any
/// other.
struct Cudnn {
  using Handle = struct DnnContext *;
  using Pointer = void *; ///< to a descriptor

  /// Throws an Error where the library is missing or too old.
  static Cudnn open();
  /// `doing`: what has failed, as "cannot ...".
  void check(int result, const std::string &doing) const;

  size_t (*getVersion)();
  const char *(*getErrorString)(int result);
  int (*create)(Handle *handle);
  int (*destroy)(Handle handle);
  int (*setStream)(Handle handle, Stream stream);
  int (*descriptorCreate)(int kind, Pointer *descriptor);
  int (*descriptorDestroy)(Pointer descriptor);
  int (*descriptorFinalize)(Pointer descriptor);
  int (*descriptorSet)(Pointer descriptor, int attribute, int type, int64_t count, const void *elements);
  int (*descriptorGet)(Pointer descriptor, int attribute, int type, int64_t room, int64_t *count, void *elements);
  int (*execute)(Handle handle, Pointer plan, Pointer variantPack);

  std::string path; ///< of the library
};

/// One descriptor. Its attributes are set, then it is finished and takes part in others.
class Descriptor {
public:
  Descriptor(const Cudnn &library, int kind);
  Descriptor(Descriptor &&other) noexcept;
  Descriptor &operator=(Descriptor &&) = delete;
  ~Descriptor();

  Cudnn::Pointer get() const { return pointer; }

  template <typename T> void set(int attribute, int type, const T &value) { set(attribute, type, 1, &value); }
  template <typename T> void set(int attribute, int type, const std::vector<T> &values) {
    set(attribute, type, static_cast<int64_t>(values.size()), values.data());
  }
  /// An attribute that is a descriptor, or several.
  void set(int attribute, const Descriptor &other);
  void finish();
  /// False where cuDNN does not support what the attributes ask for.
  bool tryFinish();

  int64_t getNumber(int attribute) const;
  /// Notes and other values of enums.
  std::vector<int> getValues(int attribute, int type) const;
  /// Fills descriptors, which must have been made, and returns how many there are.
  size_t fill(int attribute, std::vector<Descriptor> &descriptors) const;

private:
  void set(int attribute, int type, int64_t count, const void *elements);

  const Cudnn &library;
  Cudnn::Pointer pointer = nullptr;
};

// Values of cudnn_graph.h.
namespace dnn {
// Types of attributes.
inline constexpr int kHandle = 0, kDataType = 1, kBoolean = 2, kInt64 = 3, kFloat = 4, kVoidPointer = 6,
                     kConvolutionMode = 7, kHeuristicMode = 8, kNumericalNote = 11, kDescriptor = 15,
                     kBehaviorNote = 19, kChar = 24;
// Kinds of descriptors.
inline constexpr int kConvolution = 1, kEngine = 2, kEngineConfig = 3, kHeuristics = 4, kPlan = 5, kForward = 10,
                     kWeightGradient = 11, kInputGradient = 12, kOperationGraph = 15, kVariantPack = 16, kTensor = 17,
                     kDeviceProperties = 38;
// Attributes of each.
inline constexpr int kConvolutionType = 100, kConvolutionKind = 101, kDilations = 102, kStrides = 103, kPadsHigh = 104,
                     kPadsLow = 105, kSpatialDims = 106;
inline constexpr int kHeuristicsMode = 200, kHeuristicsGraph = 201, kHeuristicsResults = 202, kHeuristicsDevice = 204;
inline constexpr int kConfigEngine = 300;
inline constexpr int kPlanHandle = 400, kPlanConfig = 401, kPlanWorkspace = 402, kPlanDevice = 407;
inline constexpr int kGraphHandle = 800, kGraphOperations = 801;
inline constexpr int kTensorAlignment = 900, kTensorType = 901, kTensorSizes = 902, kTensorStrides = 903,
                     kTensorId = 906;
inline constexpr int kPackIds = 1000, kPackPointers = 1001, kPackWorkspace = 1003;
inline constexpr int kEngineNumericalNotes = 1303, kEngineBehaviorNotes = 1305;
inline constexpr int kDeviceJson = 2702;
// Values.
inline constexpr int kReal32 = 0, kCrossCorrelation = 1, kModeA = 3, kModeFallback = 2;
inline constexpr int kTensorCores = 0, kDownConverts = 1, kReducedPrecision = 2, kFourier = 3, kNondeterministic = 4,
                     kWinograd = 5;
inline constexpr int kCompilesAtRunTime = 0;
} // namespace dnn

} // namespace glyptic::runtime::cuda
