//===- DataSetApi.cpp - Data sets from C ----------------------------------===//
#include "runtime/core/Guard.h"
#include "runtime/data/DataSetHandle.h"
#include "runtime/data/RunSize.h"
#include "runtime/data/SampleOrder.h"
#include "support/glyph/Names.h"
#include <numeric>

using namespace glyptic;
using namespace glyptic::runtime;

namespace {

ArraySpec makeSpec(const glyptic_tensor &tensor, const RunSize &run) {
  ArraySpec spec;
  spec.name = tensor.name;
  spec.type = DType(tensor.dtype);
  spec.label = std::string(tensor.role) == names::kLabel;
  spec.batched = false;
  for (size_t i = 0; i < tensor.rank; ++i) {
    if (i > 0 && tensor.batched[i])
      throw Error(ErrorCode::Unsupported, "'" + spec.name + "' counts samples in dimension " + std::to_string(i) +
                                              "; data sets count them in dimension 0");
    if (tensor.batched[i])
      spec.batched = true;
  }
  if (spec.batched)
    spec.rows = tensor.dims[0];
  // With the batch fixed, inputs that share it hold samples, and labels hold one or more numbers for each.
  int64_t fixed = int64_t(run.largest);
  if (run.isFixed && tensor.rank > 0 && (spec.label ? tensor.dims[0] % fixed == 0 : tensor.dims[0] == fixed)) {
    spec.batched = true;
    spec.rows = tensor.dims[0] / fixed;
  }
  size_t first = spec.batched ? 1 : 0;
  spec.dims.assign(tensor.dims + first, tensor.dims + tensor.rank);
  return spec;
}

std::shared_ptr<const DataSet> load(const std::string &path, const glyptic_program *program) {
  const glyptic_tensor *inputs = nullptr;
  size_t count = glyptic_program_inputs(program, names::kEvaluate, &inputs);
  if (count == 0)
    throw Error("the glyph holds no training step; compile it with --loss");
  std::vector<ArraySpec> specs;
  RunSize run(program);
  for (size_t i = 0; i < count; ++i)
    specs.push_back(makeSpec(inputs[i], run));
  auto data = std::make_shared<DataSet>(DataSet::load(path, specs));
  const glyptic_range *ranges = nullptr;
  for (size_t i = 0, size = glyptic_program_ranges(program, &ranges); i < size; ++i)
    data->checkRange({ranges[i].tensor, ranges[i].low, ranges[i].high, ranges[i].has_ignored != 0, ranges[i].ignored});
  return data;
}

} // namespace

glyptic_error *glyptic_dataset_count(const char *path, const char *label, uint64_t *samples) {
  return guard([&] { *samples = DataSet::count(path, label); });
}

glyptic_error *glyptic_dataset_load(const char *path, const glyptic_program *program, glyptic_dataset **data) {
  return guard([&] {
    auto handle = std::make_unique<glyptic_dataset>();
    handle->arrays = load(path, program);
    handle->samples.resize(handle->arrays->size());
    std::iota(handle->samples.begin(), handle->samples.end(), 0);
    *data = handle.release();
  });
}

void glyptic_dataset_free(glyptic_dataset *data) { delete data; }
uint64_t glyptic_dataset_samples(const glyptic_dataset *data) { return data->samples.size(); }

uint64_t glyptic_split_size(uint64_t samples, double fraction) { return splitSize(samples, fraction); }

glyptic_error *glyptic_dataset_split(glyptic_dataset *data, double fraction, uint64_t seed, glyptic_dataset **rest) {
  return guard([&] {
    if (!(fraction > 0 && fraction < 1) || data->samples.size() < 2)
      throw Error("a split takes a fraction between 0 and 1 of at least two samples");
    auto handle = std::make_unique<glyptic_dataset>();
    handle->arrays = data->arrays;
    Split split = splitSamples(data->samples, fraction, seed);
    handle->samples = std::move(split.rest);
    data->samples = std::move(split.train);
    *rest = handle.release();
  });
}
