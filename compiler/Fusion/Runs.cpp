//===- Runs.cpp - State that lies in one piece ------------------===//
#include "compiler/Fusion/Runs.h"
#include "compiler/Program.h"

using namespace mlir;

namespace glyptic {

bool Runs::add(ArrayRef<StringAttr> names) {
  Runs wish = *this;
  for (auto [name, follower] : llvm::zip(names.drop_back(), names.drop_front())) {
    StringAttr &after = wish.next[name], &before = wish.previous[follower];
    if ((after && after != follower) || (before && before != name))
      return false;
    after = follower;
    before = name;
  }
  size_t steps = 0;
  for (StringAttr name = names.front(); name; name = wish.next.lookup(name))
    if (++steps > wish.next.size() + 1)
      return false; // a circle
  *this = std::move(wish);
  return true;
}

SmallVector<StringAttr> Runs::getRun(StringAttr name) const {
  while (StringAttr before = previous.lookup(name))
    name = before;
  SmallVector<StringAttr> run;
  for (; name; name = next.lookup(name))
    run.push_back(name);
  return run;
}

SmallVector<unsigned> Runs::getOrder(ArrayRef<StringAttr> names) const {
  llvm::SmallDenseMap<StringAttr, unsigned> places;
  for (StringAttr name : names)
    if (!places.contains(name))
      for (StringAttr member : getRun(name))
        places.try_emplace(member, places.size());
  auto order = llvm::to_vector(llvm::seq<unsigned>(0, names.size()));
  llvm::stable_sort(order, [&](unsigned a, unsigned b) { return places.lookup(names[a]) < places.lookup(names[b]); });
  return order;
}

Home getHome(Value value) {
  auto makeHome = [](StringAttr name, StringAttr role) {
    return role && role::isPersistent(role) ? Home{name, role == role::Accumulator} : Home();
  };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    unsigned index = argument.getArgNumber();
    return function ? makeHome(function.getArgAttrOfType<StringAttr>(index, kNameAttr),
                               function.getArgAttrOfType<StringAttr>(index, kRoleAttr))
                    : Home();
  }
  for (OpOperand &use : value.getUses())
    if (isa<func::ReturnOp>(use.getOwner())) {
      auto function = use.getOwner()->getParentOfType<func::FuncOp>();
      unsigned index = use.getOperandNumber();
      if (Home home = makeHome(function.getResultAttrOfType<StringAttr>(index, kNameAttr),
                               function.getResultAttrOfType<StringAttr>(index, kRoleAttr));
          home.name)
        return home;
    }
  return {};
}

OldValues getOldValues(func::FuncOp function) {
  OldValues values;
  for (BlockArgument argument : function.getArguments())
    if (StringAttr name = getHome(argument).name)
      values[name] = argument;
  return values;
}

} // namespace glyptic
