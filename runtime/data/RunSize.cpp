//===- RunSize.cpp --------------------------------------------------------===//
#include "runtime/data/RunSize.h"
#include "support/Error.h"
#include "support/glyph/Names.h"
#include <algorithm>

namespace glyptic::runtime {
namespace {

/// The model's first input if its first dimension fixes the batch, else null.
const glyptic_tensor *findFixedBatch(const glyptic_tensor *inputs, size_t count) {
  auto isLabel = [](const glyptic_tensor &tensor) { return std::string(tensor.role) == names::kLabel; };
  auto isBatched = [](const glyptic_tensor &tensor) {
    return std::any_of(tensor.batched, tensor.batched + tensor.rank, [](bool batched) { return batched; });
  };
  const glyptic_tensor *end = inputs + count, *first = std::find_if_not(inputs, end, isLabel);
  bool hasSamples = first != end && first->rank > 0 && first->dims[0] > 0;
  return hasSamples && std::none_of(inputs, end, isBatched) ? first : nullptr;
}

} // namespace

RunSize::RunSize(const glyptic_program *program) : largest(size_t(glyptic_program_max_batch(program))) {
  const glyptic_tensor *inputs = nullptr;
  size_t count = glyptic_program_inputs(program, names::kEvaluate, &inputs);
  const glyptic_tensor *fixed = findFixedBatch(inputs, count);
  if (!fixed)
    return;
  isFixed = true;
  largest = size_t(fixed->dims[0]);
  freed = std::string("--shape ") + fixed->name + "=N";
  for (size_t i = 1; i < fixed->rank; ++i)
    freed += "," + std::to_string(fixed->dims[i]);
}

void RunSize::check(size_t count, const std::string &what) const {
  if (isFixed && count % largest != 0)
    throw Error(what + " has " + std::to_string(count) + " samples, but the model's batch is fixed at " +
                std::to_string(largest) + ": give it a multiple of that, or free the batch with " + freed +
                " where the rest of the model allows that");
}

} // namespace glyptic::runtime
