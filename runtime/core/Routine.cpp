//===- Routine.cpp - Calls of vendor libraries ----------------------------===//
#include "runtime/core/Routine.h"
#include "runtime/core/Schema.h"
#include "support/Error.h"
#include "support/glyph/Names.h"

#include <algorithm>
#include <numeric>

namespace glyptic::runtime {

std::string_view CallSite::routine() const { return view(call.routine()); }

size_t CallSite::reads() const { return Elements(call.operands()).size() - call.results(); }

DType CallSite::type(size_t operand) const { return call.operands()->Get(static_cast<unsigned>(operand))->dtype(); }

std::vector<int64_t> CallSite::shape(size_t operand, int64_t batch) const {
  return shapeFor(*call.operands()->Get(static_cast<unsigned>(operand)), batch);
}

std::vector<int64_t> CallSite::strides(size_t operand, int64_t batch) const {
  std::vector<int64_t> sizes = shape(operand, batch), strides(sizes.size());
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0; stride *= sizes[i])
    strides[i] = stride;
  return strides;
}

size_t CallSite::rank(size_t operand) const {
  return Elements(call.operands()->Get(static_cast<unsigned>(operand))->dims()).size();
}

size_t CallSite::workspace(int64_t batch) const {
  return call.workspace() ? sizeFor(call.workspace()->size(), batch) : 0;
}

int64_t CallSite::alignment(size_t operand) const {
  auto offset = static_cast<int64_t>(call.operands()->Get(static_cast<unsigned>(operand))->buffer()->offset());
  return std::gcd(int64_t(256), offset);
}

std::vector<int64_t> CallSite::parameter(const char *name, int64_t count) const {
  const glyph::Parameter *parameter = findParameter(name);
  if (!parameter)
    fail("parameter " + quoteName(name) + " is missing");
  Elements values(parameter->values());
  if (count >= 0 && values.size() != static_cast<size_t>(count))
    fail("parameter " + quoteName(name) + " has " + std::to_string(values.size()) + " values instead of " +
         std::to_string(count));
  return {values.begin(), values.end()};
}

const glyph::Parameter *CallSite::findParameter(std::string_view name) const {
  for (const glyph::Parameter *parameter : Elements(call.parameters()))
    if (view(parameter->name()) == name)
      return parameter;
  return nullptr;
}

bool CallSite::isPacked(size_t operand) const {
  if (!hasParameter(names::kPacked))
    return false;
  std::vector<int64_t> packed = parameter(names::kPacked);
  return std::find(packed.begin(), packed.end(), static_cast<int64_t>(operand)) != packed.end();
}

void CallSite::expectOperands(size_t reads, size_t results, DType type) const {
  if (this->reads() != reads || this->results() != results)
    fail("it takes " + std::to_string(reads) + " operands and gives " + std::to_string(results) + ", not " +
         std::to_string(this->reads()) + " and " + std::to_string(this->results()));
  for (size_t i = 0; i < reads + results; ++i)
    if (this->type(i) != type)
      fail(std::string("it computes in ") + nameOf(type) + ", operand " + std::to_string(i) + " is " +
           nameOf(this->type(i)));
}

void CallSite::fail(const std::string &why) const {
  throw Error(ErrorCode::Format, "library routine " + quoteName(routine()) + ": " + why);
}

int threadsFor(const glyph::Instruction &call, int64_t batch, int threads) {
  constexpr uint64_t kFlops = 500'000, kBytes = 128 << 10; // some 5 us of arithmetic or of traffic
  return sizeFor(*call.flops(), batch) < kFlops && sizeFor(*call.bytes(), batch) < kBytes ? 1 : threads;
}

} // namespace glyptic::runtime
