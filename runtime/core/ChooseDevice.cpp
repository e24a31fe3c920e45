//===- ChooseDevice.cpp - Where a session computes ------------------------===//
#include "runtime/core/Session.h"

#include <algorithm>

namespace glyptic::runtime {

DeviceName parseDevice(std::string_view text) {
  if (text == "auto")
    return {DeviceName::Auto};
  if (text == "cpu")
    return {DeviceName::Cpu};
  if (text == "shim")
    return {DeviceName::Shim};
  if (text == "cuda")
    return {DeviceName::Cuda};
  constexpr std::string_view prefix = "cuda:";
  std::string_view index = text.substr(std::min(prefix.size(), text.size()));
  bool isNumber = !index.empty() && index.size() < 4 && index.find_first_not_of("0123456789") == std::string_view::npos;
  if (text.substr(0, prefix.size()) == prefix && isNumber)
    return {DeviceName::Cuda, std::stoi(std::string(index)), true};
  throw Error("there is no device " + quoteName(text) + "; devices are auto, cpu, cuda, cuda:N and shim");
}

void Session::chooseDevice(const SessionOptions &options) {
  const std::string_view text = options.device;
  DeviceName name = parseDevice(text);
  const bool isPlaced = options.cudaContext || options.cudaStream;
  if (isPlaced && (!program->isForCuda() || name.kind == DeviceName::Shim))
    throw Error("a session on this processor takes no CUDA context and no CUDA stream");
  if (!program->isForCuda()) {
    if (name.kind == DeviceName::Cuda || name.kind == DeviceName::Shim)
      throw Error("the program is compiled for a processor and does not run on " + quoteName(text) +
                  "; compile the model with --target cuda:sm_90, or whatever the GPU is");
    deviceDescription = "cpu";
    if (name.kind == DeviceName::Auto)
      deviceDescription += ", which the program is compiled for";
    return;
  }
  std::string target = program->target();
  if (name.kind == DeviceName::Cpu)
    throw Error("the program is compiled for " + target +
                "; compile the model with --target cpu, or give --device shim");
  if (name.kind == DeviceName::Shim) {
    isShim = true;
    deviceDescription = "shim: the kernels of " + target + " on this processor";
    return;
  }
  if (name.kind == DeviceName::Auto && !isPlaced)
    if (std::string reason = whyNoCuda(); !reason.empty())
      throw Error(ErrorCode::Unsupported, "the program is compiled for " + target + ", but " + reason +
                                              "; --device shim runs it on this processor, slowly");
  device = makeCudaDevice(*program, {name.index, name.hasIndex, options.cudaContext, options.cudaStream, debugSync});
  deviceDescription = device->describe();
  if (name.kind == DeviceName::Auto)
    deviceDescription += ", as the program is compiled for " + target;
}

} // namespace glyptic::runtime
