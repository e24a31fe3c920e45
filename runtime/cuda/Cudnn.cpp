//===- Cudnn.cpp - NVIDIA's convolutions, opened at run time --------------===//
#include "runtime/cuda/Cudnn.h"
#include "support/CudaLibrary.h"
#include "support/Error.h"

#include <utility>

namespace glyptic::runtime::cuda {

static constexpr size_t kOldest = 90000;

/// The first symbol that is missing, or null.
static const char *load(Cudnn &functions, const CudaLibrary &library) {
  LibraryFunctions found(library.handle);
  found.find(functions.getVersion, "cudnnGetVersion");
  found.find(functions.getErrorString, "cudnnGetErrorString");
  found.find(functions.create, "cudnnCreate");
  found.find(functions.destroy, "cudnnDestroy");
  found.find(functions.setStream, "cudnnSetStream");
  found.find(functions.descriptorCreate, "cudnnBackendCreateDescriptor");
  found.find(functions.descriptorDestroy, "cudnnBackendDestroyDescriptor");
  found.find(functions.descriptorFinalize, "cudnnBackendFinalize");
  found.find(functions.descriptorSet, "cudnnBackendSetAttribute");
  found.find(functions.descriptorGet, "cudnnBackendGetAttribute");
  found.find(functions.execute, "cudnnBackendExecute");
  return found.getMissing();
}

Cudnn Cudnn::open() {
  CudaLibrary library = CudaLibrary::open(
      {"cuDNN, which convolves on a GPU (programs for cuda:sm_90,no-cudnn need none)", "libcudnn.so", {"9"}});
  Cudnn functions{};
  functions.path = library.path;
  if (const char *missing = load(functions, library))
    throw Error(ErrorCode::Unsupported, "cuDNN (" + library.path + ") lacks " + missing + "; version 9 is needed");
  if (size_t version = functions.getVersion(); version < kOldest)
    throw Error(ErrorCode::Unsupported, "cuDNN (" + library.path + ") is version " + cudaVersionText(version) + "; " +
                                            cudaVersionText(kOldest) + " or newer is needed");
  return functions;
}

void Cudnn::check(int result, const std::string &doing) const {
  if (result != 0)
    throw Error(ErrorCode::Unsupported, doing + ": cuDNN " + cudaVersionText(getVersion()) + " says: " + getErrorString(result) +
                                            " (" + std::to_string(result) + ")");
}

Descriptor::Descriptor(const Cudnn &library, int kind) : library(library) {
  library.check(library.descriptorCreate(kind, &pointer), "cannot describe a convolution");
}

Descriptor::Descriptor(Descriptor &&other) noexcept
    : library(other.library), pointer(std::exchange(other.pointer, nullptr)) {}

Descriptor::~Descriptor() {
  if (pointer)
    library.descriptorDestroy(pointer);
}

void Descriptor::set(int attribute, int type, int64_t count, const void *elements) {
  library.check(library.descriptorSet(pointer, attribute, type, count, elements),
                "cannot describe a convolution (attribute " + std::to_string(attribute) + ")");
}

void Descriptor::set(int attribute, const Descriptor &other) { set(attribute, dnn::kDescriptor, 1, &other.pointer); }

void Descriptor::finish() { library.check(library.descriptorFinalize(pointer), "cannot describe a convolution"); }

bool Descriptor::tryFinish() { return library.descriptorFinalize(pointer) == 0; }

int64_t Descriptor::getNumber(int attribute) const {
  int64_t value = 0, count = 0;
  library.check(library.descriptorGet(pointer, attribute, dnn::kInt64, 1, &count, &value), "cannot plan a convolution");
  return value;
}

std::vector<int> Descriptor::getValues(int attribute, int type) const {
  std::vector<int> values(64);
  int64_t count = 0;
  library.check(
      library.descriptorGet(pointer, attribute, type, static_cast<int64_t>(values.size()), &count, values.data()),
      "cannot plan a convolution");
  values.resize(static_cast<size_t>(count));
  return values;
}

size_t Descriptor::fill(int attribute, std::vector<Descriptor> &descriptors) const {
  std::vector<Cudnn::Pointer> pointers;
  for (Descriptor &descriptor : descriptors)
    pointers.push_back(descriptor.pointer);
  int64_t count = 0;
  library.check(library.descriptorGet(pointer, attribute, dnn::kDescriptor, static_cast<int64_t>(pointers.size()),
                                      &count, pointers.data()),
                "cannot plan a convolution");
  return static_cast<size_t>(count);
}

} // namespace glyptic::runtime::cuda
