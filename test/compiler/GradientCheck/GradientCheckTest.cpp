//===- GradientCheckTest.cpp - Wrong derivatives are found, kinks are none ----===//
//
// A dialect of the test's own has an op whose derivative is wrong on purpose. Planted in a real network it must be found
// and named; without it, at kinks, nothing may be called wrong.
//
//===----------------------------------------------------------------------===//
#include "compiler/GradientCheck/GradientCheck.h"
#include "compiler/GradientCheck/Arguments.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Program.h"
#include "compiler/Training/Training.h"
#include "dialects/Graph/Builders.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::test {

/// x^2, but its derivative is said to be 2.1 x.
class PlantedSquareOp
    : public Op<PlantedSquareOp, OpTrait::OneResult, OpTrait::OneOperand, OpTrait::ZeroRegions, OpTrait::ZeroSuccessors,
                EvaluableOpInterface::Trait, DifferentiableOpInterface::Trait> {
public:
  using Op::Op;
  static StringRef getOperationName() { return "planted.square"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }

  LogicalResult evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
    for (int64_t i = 0; i < results[0].getNumElements(); ++i)
      results[0].set(i, operands[0]->at(i) * operands[0]->at(i));
    return success();
  }

  FailureOr<SmallVector<Value>> buildGradients(OpBuilder &builder, ValueRange resultGradients, const BitVector &) {
    Expr x(builder, getLoc(), getOperand()), gradient(builder, getLoc(), resultGradients[0]);
    return SmallVector<Value>{2.1 * x * gradient};
  }
};

class PlantedDialect : public Dialect {
public:
  explicit PlantedDialect(MLIRContext *context) : Dialect("planted", context, TypeID::get<PlantedDialect>()) {
    addOperations<PlantedSquareOp>();
  }
  static StringRef getDialectNamespace() { return "planted"; }
};

class GradientCheckTest : public testing::Test {
protected:
  GradientCheckTest() {
    DialectRegistry registry;
    registerDialects(registry);
    registry.insert<PlantedDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  static OwningOpRef<ModuleOp> parse(MLIRContext &context, StringRef text) {
    return parseSourceString<ModuleOp>(text, &context);
  }

  /// The report on a program whose weights are `weights`, with random data.
  GradientReport check(ModuleOp module, ArrayRef<Weight> weights) {
    TrainingOptions options;
    options.loss = "mse";
    EXPECT_TRUE(succeeded(verify(module)) && succeeded(buildTraining(module, options)));
    auto grad = module.lookupSymbol<func::FuncOp>(entry::Grad);
    if (damage)
      damage(grad);
    GradientArguments arguments = makeArguments(grad, weights, "", 3, 0);
    FailureOr<GradientReport> report = checkGradient(grad, std::move(arguments.tensors), arguments.batch, {});
    EXPECT_TRUE(succeeded(report));
    return succeeded(report) ? *report : GradientReport();
  }

  /// The same for @infer in `text`, whose one parameter `w` has these four elements.
  GradientReport check(StringRef text, std::array<float, 4> elements) {
    OwningOpRef<ModuleOp> module = parse(context, text);
    Weight weight{"w", RankedTensorType::get({4}, Float32Type::get(&context)),
                  ArrayRef(reinterpret_cast<const char *>(elements.data()), sizeof elements), role::Parameter, ""};
    return check(*module, weight);
  }

  /// @infer that computes `formula` (of %p, the product of w and the input) at the location "node".
  static std::string program(StringRef formula) {
    return (R"(
      func.func @infer(%w: tensor<4xf32> {graph.name = "w", graph.role = "parameter"},
                       %x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
          -> (tensor<?x4xf32> {graph.name = "y", graph.role = "output"}) {
        %b = graph.broadcast %w dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
        %p = graph.mul %b, %x : tensor<?x4xf32>
        )" + formula +
            R"(
        return %y : tensor<?x4xf32>
      })")
        .str();
  }

  static std::string unary(StringRef op) {
    return program(("%y = " + op + " %p : tensor<?x4xf32> loc(\"node\")").str());
  }

  static std::vector<std::string> getNodes(const GradientReport &report, Agreement agreement) {
    std::vector<std::string> names;
    for (const NodeResult &node : report.nodes)
      if (node.agreement == agreement)
        names.push_back(describeNode(node.location));
    return names;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::function<void(func::FuncOp)> damage;
};

using Names = std::vector<std::string>;

TEST_F(GradientCheckTest, SmoothFunctionsAgreeWithoutALookAtNodes) {
  for (const char *op : {"graph.tanh", "graph.exp", "graph.logistic", "graph.erf", "graph.relu"}) {
    GradientReport report = check(unary(op), {0.5, -0.25, 1, 2});
    EXPECT_EQ(report.agreement, Agreement::Agrees) << op;
    EXPECT_EQ(report.directions.size(), 4u) << "three in all parameters, one for each";
    EXPECT_TRUE(report.nodes.empty());
    for (const DirectionResult &direction : report.directions)
      EXPECT_NE(direction.derivative, 0) << op;
  }
}

TEST_F(GradientCheckTest, APlantedDerivativeIsFoundInARealNetworkAndNamed) {
  CompileOptions options;
  auto model = importOnnx(context, GLYPTIC_SOURCE_DIR "/test/fixtures/mlp_dynamo.onnx", options);
  ASSERT_TRUE(bool(model));
  model->module->walk([](Operation *op) {
    if (!isa<ReluOp>(op))
      return;
    OpBuilder builder(op);
    OperationState state(op->getLoc(), "planted.square", op->getOperands(), op->getResultTypes());
    op->replaceAllUsesWith(builder.create(state));
    op->erase();
  });
  GradientReport report = check(*model->module, model->weights);
  EXPECT_EQ(report.agreement, Agreement::Disagrees);
  EXPECT_EQ(getNodes(report, Agreement::Disagrees), Names{"node 'node_relu' (Relu), /opt/fixtures/make_pytorch.py:22"});
  EXPECT_NEAR(report.nodes[0].derivative / report.nodes[0].difference, 1.05, 1e-6);
  // What comes after the node is right.
  for (const DirectionResult &direction : report.directions)
    EXPECT_EQ(direction.agreement,
              StringRef(direction.parameter).starts_with("out") ? Agreement::Agrees : Agreement::Disagrees)
        << direction.parameter;
}

TEST_F(GradientCheckTest, KinksAreNoErrors) {
  // At zero the derivative of ReLU is zero by choice; differences give the mean of both sides.
  GradientReport rectified = check(unary("graph.relu"), {0, 0, 0, 0});
  EXPECT_EQ(rectified.agreement, Agreement::Kink);
  EXPECT_EQ(getNodes(rectified, Agreement::Kink), Names{"'node'"});
  ASSERT_EQ(rectified.nodes.size(), 1u);
  EXPECT_EQ(rectified.nodes[0].kinks, 12) << "every element of three samples";
  // Where the mean is what was chosen there is nothing to tell apart.
  EXPECT_EQ(check(unary("graph.abs"), {0, 0, 0, 0}).agreement, Agreement::Agrees);
  // Windows of equal elements have one derivative for each of them.
  GradientReport pooled = check(program(R"(
    %e = graph.exp %p : tensor<?x4xf32>
    %i = graph.reshape %e : (tensor<?x4xf32>) -> tensor<?x1x4x1xf32>
    %m = graph.pool %i {kind = #graph.pool<max>, window = array<i64: 1, 1, 4, 1>, strides = array<i64: 1, 1, 4, 1>,
      pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
      : (tensor<?x1x4x1xf32>) -> tensor<?x1x1x1xf32> loc("node")
    %f = graph.reshape %m : (tensor<?x1x1x1xf32>) -> tensor<?x1xf32>
    %r = graph.reshape %f : (tensor<?x1xf32>) -> tensor<?xf32>
    %y = graph.broadcast %r dims = [0] : (tensor<?xf32>) -> tensor<?x4xf32>)"),
                                {0, 0, 0, 0});
  EXPECT_EQ(pooled.agreement, Agreement::Kink);
  EXPECT_EQ(getNodes(pooled, Agreement::Kink), Names{"'node'"});
}

// Whether an element is chosen is decided by a comparison, which has no derivative of its own to be found out by.
static std::string chosen(StringRef above) {
  return (R"(
    %zero = graph.constant dense<0.0> : tensor<f32>
    %zeros = graph.broadcast %zero dims = [] : (tensor<f32>) -> tensor<?x4xf32>
    %c = graph.compare gt %p, %zeros : tensor<?x4xf32>
    )" + above + R"(
    %y = graph.select %c, %a, %zeros : tensor<?x4xi1>, tensor<?x4xf32> loc("node"))").str();
}

TEST_F(GradientCheckTest, EdgesOfChoicesAreKinks) {
  GradientReport report = check(program(chosen("%a = graph.mul %p, %p : tensor<?x4xf32>")), {0.5, 1, -1, 2});
  EXPECT_EQ(report.agreement, Agreement::Agrees);
  report = check(program(chosen("%a = graph.exp %p : tensor<?x4xf32>")), {0, 0, 0, 0});
  EXPECT_EQ(report.agreement, Agreement::Kink);
  EXPECT_EQ(getNodes(report, Agreement::Kink), Names{"'node'"});
  report = check(program(chosen("%a = \"planted.square\"(%p) : (tensor<?x4xf32>) -> tensor<?x4xf32> loc(\"wrong\")")), {0, 0, 1, -1});
  EXPECT_EQ(report.agreement, Agreement::Disagrees);
  EXPECT_EQ(getNodes(report, Agreement::Disagrees), Names{"'wrong'"});
}

TEST_F(GradientCheckTest, AWrongDerivativeBesideAKinkIsStillWrong) {
  GradientReport report = check(program(R"(
    %r = graph.relu %p : tensor<?x4xf32> loc("kink")
    %y = "planted.square"(%r) : (tensor<?x4xf32>) -> tensor<?x4xf32> loc("wrong"))"),
                                {0, 0.5, 1, -1});
  EXPECT_EQ(report.agreement, Agreement::Disagrees);
  EXPECT_EQ(getNodes(report, Agreement::Disagrees), Names{"'wrong'"});
}

TEST_F(GradientCheckTest, AGradientThatIsPutTogetherWronglyBelongsToNoNode) {
  damage = [](func::FuncOp grad) {
    Operation *end = grad.getBody().front().getTerminator();
    OpBuilder builder(end);
    Expr gradient(builder, grad.getLoc(), end->getOperand(0));
    end->setOperand(0, gradient * 1.01);
  };
  GradientReport report = check(unary("graph.tanh"), {0.5, -0.25, 1, 2});
  EXPECT_EQ(report.agreement, Agreement::Disagrees);
  EXPECT_TRUE(report.nodes.empty());
}

TEST_F(GradientCheckTest, ALossThatIsNotFiniteIsAnError) {
  OwningOpRef<ModuleOp> module = parse(context, unary("graph.exp"));
  TrainingOptions options;
  options.loss = "mse";
  ASSERT_TRUE(succeeded(buildTraining(*module, options)));
  std::array<float, 4> huge = {1e30, 1e30, 1e30, 1e30};
  Weight weight{"w", RankedTensorType::get({4}, Float32Type::get(&context)),
                ArrayRef(reinterpret_cast<const char *>(huge.data()), sizeof huge), role::Parameter, ""};
  auto grad = module->lookupSymbol<func::FuncOp>(entry::Grad);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
  GradientArguments arguments = makeArguments(grad, weight, "", 3, 0);
  EXPECT_TRUE(failed(checkGradient(grad, std::move(arguments.tensors), arguments.batch, {})));
  EXPECT_NE(message.find("not finite"), std::string::npos) << message;
}

} // namespace glyptic::test
