//===- Models.cpp - Well-known architectures with fresh weights ---------------===//
#include "compiler/Models/Models.h"
#include "compiler/Errors.h"
#include "compiler/Models/ModelBuilder.h"
#include "compiler/Models/Networks.h"
#include "support/File.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace glyptic {

ArrayRef<Architecture> getArchitectures() {
  static const Architecture all[] = {kLinear, kMlp, kLenet, kGpt};
  return all;
}

static llvm::Error fail(const Twine &message) { return makeError(ErrorCode::Argument, message); }

template <typename Range> static std::string listNames(const Range &entries) {
  return join(map_range(entries, [](const auto &entry) { return entry.name.str(); }), ", ");
}

/// The given sizes over the initial ones.
static Expected<Sizes> completeSizes(const Architecture &architecture, const Sizes &given) {
  Sizes sizes;
  for (const SizeFlag &flag : architecture.flags)
    sizes[flag.name.str()] = flag.initial;
  for (const auto &[name, size] : given) {
    if (!sizes.count(name))
      return fail("the architecture " + architecture.name + " has no size " + quoteName(name) + "; it has " +
                  listNames(architecture.flags));
    // Larger sizes cannot be meant, and would overflow products of three of them.
    if (size < 1 || size > (1 << 20))
      return fail("--" + name + " must be between 1 and " + Twine(1 << 20) + ", not " + Twine(size));
    sizes[name] = size;
  }
  return sizes;
}

llvm::Error writeNewModel(StringRef name, const Sizes &given, uint64_t seed, const std::string &path) {
  const Architecture *architecture =
      find_if(getArchitectures(), [&](const Architecture &entry) { return entry.name == name; });
  if (architecture == getArchitectures().end())
    return fail("there is no architecture " + quoteName(name.str()) + "; there are " + listNames(getArchitectures()));
  Expected<Sizes> sizes = completeSizes(*architecture, given);
  if (!sizes)
    return sizes.takeError();
  ModelBuilder builder(name, seed);
  try {
    if (llvm::Error error = architecture->build(builder, *sizes))
      return error;
    std::string bytes;
    if (builder.getModel().ByteSizeLong() > size_t(INT_MAX) || !builder.getModel().SerializeToString(&bytes))
      return fail("these sizes give a model over 2 GB, which one ONNX file cannot hold");
    OutputFile out(path);
    out.write(bytes);
    out.commit();
  } catch (const Error &error) {
    return makeError(error.code(), error.what());
  } catch (const std::exception &error) {
    return makeError(ErrorCode::Internal, error.what());
  }
  return llvm::Error::success();
}

} // namespace glyptic
