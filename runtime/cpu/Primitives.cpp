//===- Primitives.cpp - Sequences of oneDNN primitives --------------------===//
#include "runtime/cpu/Primitives.h"
#include "support/Error.h"

#include <algorithm>

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
  values.push_back({desc, memory(desc, engine, nullptr), true, index});
  return values.size() - 1;
}

Sequence::Value Sequence::scratch(const memory::desc &desc) {
  values.push_back({desc, memory(desc, engine, nullptr), false, scratchEnd});
  scratchEnd += (desc.get_size() + kAlignment - 1) / kAlignment * kAlignment;
  return values.size() - 1;
}

Sequence::Value Sequence::viewed(Value value, const memory::desc &desc) {
  values.push_back({desc, memory(desc, engine, nullptr), values[value].isOperand, values[value].place});
  return values.size() - 1;
}

Sequence::Value Sequence::reordered(Value value, const memory::desc &wanted) {
  if (descOf(value) == wanted)
    return value;
  Value copy = scratch(wanted);
  addReorder(value, copy);
  return copy;
}

void Sequence::addReorder(Value from, Value to) {
  dnnl::reorder::primitive_desc desc(engine, descOf(from), engine, descOf(to), userScratchpad());
  add(dnnl::reorder(desc), desc.scratchpad_desc(), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void Sequence::add(const dnnl::primitive &primitive, const memory::desc &scratchpad,
                   const std::map<int, Value> &arguments) {
  Step step{primitive, {}};
  for (auto [argument, value] : arguments)
    step.arguments.push_back({argument, values[value].handle.get()});
  scratchpads.emplace_back(scratchpad, engine, nullptr);
  step.arguments.push_back({DNNL_ARG_SCRATCHPAD, scratchpads.back().get()});
  scratchpadBytes = std::max(scratchpadBytes, scratchpad.get_size());
  steps.push_back(std::move(step));
}

void Sequence::run(dnnl::stream &stream, void *const *operands, std::byte *scratch) {
  for (Storage &value : values)
    value.handle.set_data_handle(value.isOperand ? operands[value.place] : scratch + value.place);
  for (memory &scratchpad : scratchpads)
    scratchpad.set_data_handle(scratch + scratchEnd);
  // The C call takes the arguments as they lie here; the C++ one builds a map for every execution.
  for (const Step &step : steps)
    dnnl::error::wrap_c_api(dnnl_primitive_execute(step.primitive.get(), stream.get(),
                                                   static_cast<int>(step.arguments.size()), step.arguments.data()),
                            "a primitive failed");
}

size_t PrimitiveRoutine::prepare(int64_t batch) {
  auto found = sequences.find(batch);
  if (found != sequences.end())
    return found->second.scratchBytes();
  try {
    Sequence sequence(engine);
    build(batch, sequence);
    return sequences.emplace(batch, std::move(sequence)).first->second.scratchBytes();
  } catch (const dnnl::error &error) {
    throw Error(ErrorCode::Unsupported, "library routine " + quoteName(site.routine()) + " for " +
                                            std::to_string(batch) + " samples: oneDNN says: " + error.message);
  }
}

void PrimitiveRoutine::run(int64_t batch, void *const *operands, std::byte *scratch) {
  sequences.at(batch).run(stream, operands, scratch);
}

} // namespace glyptic::runtime
