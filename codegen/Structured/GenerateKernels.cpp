//===- GenerateKernels.cpp - Kernels for every region -----------===//
#include "codegen/Structured/GenerateKernels.h"
#include "codegen/Structured/Simplify.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <unordered_map>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {
namespace {

/// Names that a kernel's comment lists of each region.
constexpr size_t kMaxNodes = 8;

/// Gives kernels readable names, and one copy to those that are equal.
class KernelLibrary {
public:
  explicit KernelLibrary(Operation *module) : module(module) {}

  /// `function` is named, or erased in favour of an equal one, whose name is returned.
  StringRef add(FunctionOpInterface function, Twine name, StringRef nodes) {
    std::string text;
    llvm::raw_string_ostream(text) << function;
    auto [known, isNew] = byText.try_emplace(text);
    if (!isNew) {
      function->erase();
      users[known->second].insert(nodes);
      return known->second;
    }
    std::string unique = name.str();
    for (unsigned i = 2; !names.insert(unique).second; ++i)
      unique = (name + "_" + Twine(i)).str();
    function.setName(unique);
    users[unique].insert(nodes);
    return known->second = unique;
  }

  void addUser(StringRef kernel, StringRef nodes) { users[kernel].insert(nodes); }

  Operation *getModule() { return module; }

  /// Tells of each kernel which nodes it serves.
  void setNodes() {
    Builder builder(module->getContext());
    for (auto function : module->getRegion(0).getOps<FunctionOpInterface>()) {
      SmallVector<StringRef> nodes(llvm::make_filter_range(
          llvm::map_range(users[function.getName()], [](auto &entry) { return StringRef(entry); }),
          [](StringRef name) { return !name.empty(); }));
      if (!nodes.empty())
        function->setAttr(kNodesAttr, builder.getStrArrayAttr(nodes));
    }
  }

private:
  Operation *module;
  llvm::StringMap<llvm::SetVector<StringRef>> users; ///< of each kernel: the nodes it serves, in order
  llvm::StringMap<std::string> byText;
  llvm::StringSet<> names;
};

/// The first name found in a location, as an identifier of at most 40 characters.
std::string getIdentifier(Location loc) {
  std::string name;
  loc->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    for (char c : named.getName().strref().take_back(40))
      if (llvm::isAlnum(c))
        name += c;
      else if (!name.empty() && name.back() != '_')
        name += '_';
    return WalkResult::interrupt();
  });
  while (!name.empty() && name.back() == '_')
    name.pop_back();
  if (name.empty())
    return "kernel";
  return llvm::isDigit(name.front()) ? "n" + name : name;
}

class RegionGenerator {
public:
  RegionGenerator(RegionOp region, KernelLibrary &library, const KernelOptions &options)
      : region(region), library(library), options(options) {
    for (Type type : region.getInputs().getTypes())
      memory.types.push_back(cast<RankedTensorType>(type));
    for (Type type : region.getResultTypes())
      memory.types.push_back(cast<RankedTensorType>(type));
  }

  LogicalResult run() {
    Block &body = region.getBody().front();
    for (Operation &op : body)
      if (isa<ScatterOpInterface>(op))
        return runNamed(&op);
    FailureOr<StructuredForm> form = StructuredForm::build(region);
    if (failed(form))
      return failure();
    Planner planner(*form, options.machine);
    if (failed(planner.run()))
      return failure();
    llvm::append_range(memory.types, planner.getScratch());
    for (auto [i, input] : llvm::enumerate(form->getInputs()))
      memory.positions[input] = i;
    Schedule schedule = Schedule::Pointwise;
    for (const KernelPlan &plan : planner.getKernels()) {
      FailureOr<EmittedKernel> kernel = emitKernel(library.getModule(), plan, memory, options);
      StringRef name = plan.isFinish ? "column_finish" : stringifySchedule(plan.schedule);
      if (failed(kernel) || failed(record(*kernel, plan.roots.front()->value.getLoc(), name)))
        return failure();
      for (Root *root : plan.roots)
        memory.positions[root->stored] = root->buffers.front();
      schedule = plan.isFinish ? schedule : std::max(schedule, plan.schedule);
    }
    finish(schedule, planner.getScratch());
    return success();
  }

  /// Calls the kernels of an equal region.
  void reuse(RegionOp known) {
    region.setScheduleAttr(known.getScheduleAttr());
    region.setLaunchesAttr(known.getLaunchesAttr());
    region.setScratchAttr(known.getScratchAttr());
    for (auto launch : known.getLaunches()->getAsRange<LaunchAttr>())
      library.addUser(launch.getKernel().getValue(), getNodes());
  }

private:
  LogicalResult runNamed(Operation *op) {
    Operation *yield = region.getBody().front().getTerminator();
    FailureOr<EmittedKernel> kernel = emitNamedKernel(library.getModule(), op, options);
    if (failed(kernel))
      return failure();
    // Its buffers are the op's operands, then its results.
    SmallVector<int64_t> positions;
    for (Value operand : op->getOperands()) {
      auto argument = dyn_cast<BlockArgument>(operand);
      if (!argument)
        return op->emitOpError("takes its operands from memory, so nothing else may be computed in its region");
      positions.push_back(argument.getArgNumber());
    }
    for (Value result : op->getResults()) {
      auto at = llvm::find(yield->getOperands(), result);
      positions.push_back(region.getInputs().size() + (at - yield->operand_begin()));
    }
    kernel->buffers = positions;
    if (failed(record(*kernel, op->getLoc(), stringifySchedule(Schedule::Scatter))))
      return failure();
    finish(Schedule::Scatter, {});
    return success();
  }

  LogicalResult record(EmittedKernel &kernel, Location loc, StringRef schedule) {
    if (failed(simplifyKernel(kernel.function)))
      return failure();
    StringRef name = library.add(kernel.function, getIdentifier(loc) + "_" + schedule, getNodes());
    launches.push_back(LaunchAttr::get(region.getContext(), FlatSymbolRefAttr::get(region.getContext(), name),
                                       kernel.buffers, kernel.writes, kernel.chunks.scale, kernel.chunks.batched,
                                       kernel.grain, kernel.mapping.threads, kernel.mapping.chunksPerBlock));
    return success();
  }

  /// The names of the nodes whose ops the region holds, in order, as one text of the context's.
  StringRef getNodes() {
    llvm::SetVector<StringRef> names;
    for (Operation &op : region.getBody().front().without_terminator())
      op.getLoc()->walk([&](Location part) {
        if (auto named = dyn_cast<NameLoc>(part))
          names.insert(named.getName().strref());
        return WalkResult::advance();
      });
    std::string text = llvm::join(names.getArrayRef().take_front(kMaxNodes), ", ");
    if (names.size() > kMaxNodes)
      text += ", ...";
    return StringAttr::get(region.getContext(), text).strref();
  }

  void finish(Schedule schedule, ArrayRef<RankedTensorType> scratch) {
    Builder builder(region.getContext());
    if (!region.getSchedule())
      region.setSchedule(stringifySchedule(schedule));
    region.setLaunchesAttr(builder.getArrayAttr(launches));
    SmallVector<Attribute> types =
        llvm::map_to_vector(scratch, [](Type type) -> Attribute { return TypeAttr::get(type); });
    region.setScratchAttr(builder.getArrayAttr(types));
  }

  RegionOp region;
  KernelLibrary &library;
  const KernelOptions &options;
  RegionMemory memory;
  SmallVector<Attribute> launches;
};

/// Regions by what they compute. The functions of a program share most of theirs (`step` is `grad` and `apply`), and
/// layers repeat; to find that out from their loops takes longer than all else in a warm compilation.
class KnownRegions {
public:
  /// An equal region seen before, or null; then this one is known from now on.
  RegionOp find(RegionOp region) {
    std::vector<Known> &alike = byHash[hash(region)];
    for (Known &known : alike)
      if (known.schedule == region.getScheduleAttr() &&
          OperationEquivalence::isRegionEquivalentTo(&known.region.getBody(), &region.getBody(),
                                                     OperationEquivalence::IgnoreLocations))
        return known.region;
    alike.push_back({region, region.getScheduleAttr()});
    return nullptr;
  }

private:
  struct Known {
    RegionOp region;
    StringAttr schedule; ///< before its kernels were generated
  };

  static llvm::hash_code hash(RegionOp region) {
    Block &body = region.getBody().front();
    llvm::hash_code hash = llvm::hash_combine_range(body.getArgumentTypes());
    for (Operation &op : body)
      hash = llvm::hash_combine(hash, OperationEquivalence::computeHash(&op, OperationEquivalence::ignoreHashValue,
                                                                        OperationEquivalence::ignoreHashValue,
                                                                        OperationEquivalence::IgnoreLocations));
    return hash;
  }

  std::unordered_map<size_t, std::vector<Known>> byHash;
};

} // namespace

LogicalResult generateKernels(ModuleOp module, const KernelOptions &options) {
  SmallVector<RegionOp> regions;
  module.walk([&](RegionOp region) { regions.push_back(region); });
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Operation *kernels = nullptr;
  if (options.machine == Machine::Gpu) {
    module->getContext()->loadDialect<gpu::GPUDialect>();
    kernels = gpu::GPUModuleOp::create(builder, module.getLoc(), kKernelsModule);
  } else {
    kernels = ModuleOp::create(builder, module.getLoc(), kKernelsModule);
  }
  KernelLibrary library(kernels);
  KnownRegions knownRegions;
  for (RegionOp region : regions) {
    RegionGenerator generator(region, library, options);
    if (RegionOp known = knownRegions.find(region))
      generator.reuse(known);
    else if (failed(generator.run()))
      return failure();
  }
  if (options.machine == Machine::Gpu)
    library.setNodes();
  return success();
}

} // namespace glyptic::codegen
