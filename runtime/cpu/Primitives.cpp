//===- Primitives.cpp - Sequences of oneDNN primitives --------------------===//
#include "runtime/cpu/Primitives.h"
#include "support/Error.h"

#include <algorithm>
#include <utility>

namespace glyptic::runtime {

static constexpr size_t kAlignment = 64;

Dims rowMajor(const Dims &shape) {
  Dims strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

memory::desc plainDesc(const Dims &shape, const Dims &strides) { return {shape, memory::data_type::f32, strides}; }

dnnl::primitive_attr userScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

Sequence::Value Sequence::operand(size_t index, const memory::desc &desc) {
  values.push_back({desc, memory(desc, engine, nullptr), Place::Operand, index});
  return values.size() - 1;
}

Sequence::Value Sequence::scratch(const memory::desc &desc) {
  values.push_back({desc, memory(desc, engine, nullptr), Place::Scratch, scratchEnd});
  scratchEnd += (desc.get_size() + kAlignment - 1) / kAlignment * kAlignment;
  return values.size() - 1;
}

Sequence::Value Sequence::viewed(Value value, const memory::desc &desc) {
  values.push_back({desc, memory(desc, engine, nullptr), values[value].place, values[value].index});
  return values.size() - 1;
}

Sequence::Value Sequence::reordered(Value value, const memory::desc &wanted) {
  if (descOf(value) == wanted)
    return value;
  Value copy = scratch(wanted);
  addReorder(value, copy);
  return copy;
}

Sequence::Value Sequence::packed(Value operand, const memory::desc &wanted) {
  if (descOf(operand) == wanted)
    return operand;
  size_t index = values[operand].index;
  auto found = std::find_if(copies.begin(), copies.end(),
                            [&](auto &copy) { return copy->operand == index && copy->desc == wanted; });
  std::shared_ptr<PackedCopy> copy =
      found != copies.end() ? *found : copies.emplace_back(std::make_shared<PackedCopy>(index, wanted));
  values.push_back({wanted, memory(wanted, engine, copy->bytes.data()), Place::Packed, index});
  Value made = values.size() - 1;
  packings.push_back({copy, makeReorder(operand, made)});
  return made;
}

void Sequence::addReorder(Value from, Value to) { steps.push_back(makeReorder(from, to)); }

Sequence::Step Sequence::makeReorder(Value from, Value to) {
  dnnl::reorder::primitive_desc desc(engine, descOf(from), engine, descOf(to), userScratchpad());
  return makeStep(dnnl::reorder(desc), desc.scratchpad_desc(), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void Sequence::add(const dnnl::primitive &primitive, const memory::desc &scratchpad,
                   const std::map<int, Value> &arguments) {
  steps.push_back(makeStep(primitive, scratchpad, arguments));
}

Sequence::Step Sequence::makeStep(const dnnl::primitive &primitive, const memory::desc &scratchpad,
                                  const std::map<int, Value> &arguments) {
  Step step{primitive, {}};
  for (auto [argument, value] : arguments)
    step.arguments.push_back({argument, values[value].handle.get()});
  scratchpads.emplace_back(scratchpad, engine, nullptr);
  step.arguments.push_back({DNNL_ARG_SCRATCHPAD, scratchpads.back().get()});
  scratchpadBytes = std::max(scratchpadBytes, scratchpad.get_size());
  return step;
}

void Sequence::run(dnnl::stream &stream, void *const *operands, std::byte *scratch) {
  for (Storage &value : values)
    if (value.place != Place::Packed)
      value.handle.set_data_handle(value.place == Place::Operand ? operands[value.index] : scratch + value.index);
  for (memory &scratchpad : scratchpads)
    scratchpad.set_data_handle(scratch + scratchEnd);
  for (Packing &packing : packings)
    if (std::exchange(packing.copy->isStale, false))
      execute(packing.reorder, stream);
  for (const Step &step : steps)
    execute(step, stream);
}

void Sequence::execute(const Step &step, dnnl::stream &stream) {
  // The C call takes the arguments as they lie here; the C++ one builds a map for every execution.
  dnnl::error::wrap_c_api(dnnl_primitive_execute(step.primitive.get(), stream.get(),
                                                 static_cast<int>(step.arguments.size()), step.arguments.data()),
                          "a primitive failed");
}

size_t PrimitiveRoutine::prepare(int64_t batch) {
  auto found = sequences.find(batch);
  if (found != sequences.end())
    return found->second.scratchBytes();
  try {
    Sequence sequence(engine, copies);
    build(batch, sequence);
    return sequences.emplace(batch, std::move(sequence)).first->second.scratchBytes();
  } catch (const dnnl::error &error) {
    throw Error(ErrorCode::Unsupported, "library routine " + quoteName(site.routine()) + " for " +
                                            std::to_string(batch) + " samples: oneDNN says: " + error.message);
  }
}

void PrimitiveRoutine::forget(int64_t batch) {
  sequences.erase(batch);
  copies.erase(std::remove_if(copies.begin(), copies.end(), [](auto &copy) { return copy.use_count() == 1; }),
               copies.end());
}

void PrimitiveRoutine::stateChanged() {
  for (const std::shared_ptr<PackedCopy> &copy : copies)
    copy->isStale = true;
}

void PrimitiveRoutine::run(int64_t batch, void *const *operands, std::byte *scratch) {
  sequences.at(batch).run(stream, operands, scratch);
}

} // namespace glyptic::runtime
