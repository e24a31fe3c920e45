"""The parts of the suite. Each is a list of cases; a case returns numbers, or raises what was wrong."""
import array
import json
import math
import random
import re

import arrays
import find
from record import Failure, Skip

# The machine file that describes a GPU, by the name that its driver gives it; the first that matches.
MACHINES = {r"B200": "b200", r"H200": "h200", r"H100 PCIe": "h100-pcie", r"H100": "h100", r"A100.*40GB": "a100-40", r"A100": "a100",
            r"\bL40S": "l40s", r"\bL4\b": "l4", r"\bA10\b": "a10", r"\bT4\b": "t4", r"4090": "rtx4090", r"3090": "rtx3090",
            r"5090": "rtx5090"}

# Networks of `glyptic new` with their sizes, tiny and for a GPU; what one batch of them is.
NETWORKS = {
    "mlp": (dict(inputs=8, outputs=3), dict(inputs=1024, outputs=1000)),
    "lenet": (dict(image=8, filters=4, hidden=16), dict(image=28, filters=32, hidden=128)),
    "gpt": (dict(layers=1, heads=2, width=16, context=8, vocabulary=17),
            dict(layers=4, heads=8, width=512, context=256, vocabulary=8192)),
}
STEP = {"mlp": ["--optimizer", "adam"], "lenet": ["--optimizer", "momentum", "--lr", "0.01", "--clip-norm", "1"],
        "gpt": ["--optimizer", "adamw", "--lr", "0.001"]}
# What all scores of a query share, softmax takes no notice of: its true gradient is zero, what is computed is rounding.
WITHOUT_GRADIENT = ("qkv.bias",)
TOLERANCE = 2e-4  # of each tensor's largest magnitude, after the steps of a case: FP32 sums in another order


def make_data(path, network, sizes, samples, seed=1):
    """Random samples as .npz."""
    rng = random.Random(seed)
    floats = lambda *shape: (shape, array.array("f", (rng.gauss(0, 1) for _ in range(math.prod(shape)))))
    integers = lambda limit, *shape: (shape, array.array("q", (rng.randrange(limit) for _ in range(math.prod(shape)))))
    if network == "gpt":
        shape, limit = (samples, sizes["context"]), sizes["vocabulary"]
        data = {"tokens": integers(limit, *shape), "label": integers(limit, *shape)}
    elif network == "lenet":
        data = {"image": floats(samples, 1, sizes["image"], sizes["image"]), "label": integers(10, samples)}
    else:
        data = {"x": floats(samples, sizes["inputs"]), "label": integers(sizes["outputs"], samples)}
    arrays.write_npz(path, data)


def draw(tensor, samples):
    """Random values for an input as `glyptic inspect` describes it; integers that any table has rows for."""
    rng = random.Random(tensor["name"])
    extents = [math.prod(samples if part == "N" else int(part) for part in str(extent).split("*")) for extent in tensor["shape"]]
    if tensor["type"] == "float32":
        return extents, array.array("f", (rng.gauss(0, 0.5) for _ in range(math.prod(extents))))
    return extents, array.array("q", (rng.randrange(2) for _ in range(math.prod(extents))))


class Part:
    def __init__(self, suite):
        self.suite, self.record, self.options = suite, suite.record, suite.options
        self.tool, self.device = suite.tool, suite.options.device
        self.folder = suite.folder / "work"
        self.folder.mkdir(exist_ok=True)

    def glyptic(self, *arguments):
        return self.record.run(self.tool, *arguments)

    def model(self, network, tiny):
        """Model and data of a network, made on first use; and the flags of its step."""
        sizes = NETWORKS[network][0 if tiny else 1]
        stem = self.folder / f"{network}-{'tiny' if tiny else 'large'}"
        model, data = stem.with_suffix(".onnx"), stem.with_suffix(".npz")
        samples = 16 if tiny else 256
        if not model.exists():
            flags = [word for name, size in sizes.items() for word in (f"--{name}", size)]
            self.glyptic("new", network, *flags, "--seed", 1, "-o", model)
            make_data(data, network, sizes, samples)
        return model, data, ["--loss", "cross-entropy", *STEP[network]]

    def target(self):
        """What a glyph for the device is compiled for."""
        return f"cuda:{self.suite.machine.get('architecture', 'sm_90')}"


class Correctness(Part):
    """Training steps and inferences on the device beside this processor's."""

    def run(self):
        for network in self.options.networks:
            self.record.case(f"train {network}", lambda: self.train(network))
            self.record.case(f"infer {network}", lambda: self.infer(network))
        self.record.case("same bits twice", self.repeat)
        self.record.case("partial batches and accumulation", self.accumulate)
        self.record.case("from PTX of an older architecture", self.from_ptx)
        for model in sorted((find.ROOT / "test" / "fixtures").glob("*.onnx")):
            if model.stem in (self.options.files or [] if self.options.quick else [model.stem]):
                self.record.case(f"file {model.stem}", lambda: self.exported(model))

    def state(self, model, data, flags, device, steps, name):
        state = self.folder / f"{name}.safetensors"
        self.glyptic("train", model, "--data", data, *flags, "--steps", steps, "--device", device, "--save-state", state, "-o",
                     self.folder / f"{name}.onnx")
        return arrays.read_safetensors(state)

    def compare(self, found, expected, least=1e-3):
        worst, where = arrays.worst_difference(found, expected, WITHOUT_GRADIENT, least)
        if not worst <= TOLERANCE:
            raise Failure(f"{where} differs by {worst:.1e} of its largest magnitude; {TOLERANCE:.0e} are allowed")
        return {"worst": worst, "text": f"worst difference {worst:.1e}"}

    def train(self, network, steps=None, batch=8, extra=()):
        model, data, flags = self.model(network, tiny=True)
        steps = steps or (3 if self.options.quick else 20)
        return self.compare(*(self.state(model, data, [*flags, "--batch", batch, *extra], device, steps, "trained")
                              for device in (self.device, "cpu")))

    def accumulate(self):
        return self.train("mlp", steps=4, batch=11, extra=["--accumulate", 3])  # of 16 samples: 11, then 5

    def infer(self, network):
        model, data, _ = self.model(network, tiny=True)
        return self.compare(*self.outputs({"cpu": model, self.device: model}, data))

    def outputs(self, models, data):
        """Of an inference on the device, and on this processor."""
        found = []
        for device in (self.device, "cpu"):
            output = self.folder / f"out-{device}.npz"
            self.glyptic("run", models[device], "--input", data, "--output", output, "--device", device)
            found.append(arrays.read_npz(output))
        return found

    def exported(self, model):
        """Three steps and an inference of a file that an exporter wrote."""
        glyphs = {device: self.folder / f"{model.stem}-{device}.glyph" for device in ("cpu", self.device)}
        for device, glyph in glyphs.items():
            # Plain gradient descent: Adam would make rounding as large as a gradient.
            self.glyptic("compile", model, "--loss", "mse", "--optimizer", "sgd", "--lr", 0.1, "--batch", 4, "--target",
                         "cpu" if device == "cpu" else self.target(), "-o", glyph)
        entries = json.loads(self.glyptic("inspect", glyphs["cpu"], "--json"))["entries"]
        step = next(entry for entry in entries if entry["name"] == "step")
        data = self.folder / f"{model.stem}.npz"
        arrays.write_npz(data, {item["name"]: draw(item, samples=6) for item in step["inputs"]})
        before = arrays.read_weights(glyphs["cpu"])
        changes = []  # of the weights: beside them, a wrong gradient would not be seen
        for device in (self.device, "cpu"):
            state = self.state(glyphs[device], data, [], device, 3, "trained")
            changes.append({name: [b - a for a, b in zip(values, state[name])] for name, values in before.items()})
        if not any(any(change) for change in changes[1].values()):
            raise Failure("no weight has changed")
        results = [self.compare(*changes, least=1e-4), self.compare(*self.outputs(glyphs, data))]
        return max(results, key=lambda result: result["worst"])

    def repeat(self):
        model, data, flags = self.model(self.options.networks[-1], tiny=True)
        first, second = (self.state(model, data, flags, self.device, 3, f"again-{i}") for i in (1, 2))
        if first != second:
            raise Failure("two runs leave different bits")

    def from_ptx(self):
        """The driver compiles what the glyph has no machine code for."""
        if self.suite.machine.get("architecture", "sm_90") in ("sm_75", "sm_80"):
            raise Skip("there is no older architecture to compile for")
        model, data, flags = self.model("mlp", tiny=True)
        glyph = self.folder / "older.glyph"
        self.glyptic("compile", model, *flags, "--target", "cuda:sm_80", "-o", glyph)
        return self.compare(self.state(glyph, data, [], self.device, 3, "older"), self.state(model, data, flags, "cpu", 3, "cpu"))


class Sanitizers(Part):
    """A few steps under each tool of compute-sanitizer, which must find nothing."""

    TOOLS = {"memcheck": ["--leak-check", "no"], "racecheck": [], "initcheck": [], "synccheck": []}

    def run(self):
        for tool, flags in self.TOOLS.items():
            for network in self.options.networks:
                self.record.case(f"{tool} {network}", lambda: self.check(tool, flags, network))

    def check(self, tool, flags, network):
        sanitizer = find.sanitizer(self.options.sanitizer, self.suite.pythons)
        if not sanitizer:
            raise Skip("compute-sanitizer is neither in the toolkit nor in PATH")
        model, data, step = self.model(network, tiny=True)
        self.record.run(sanitizer, "--tool", tool, *flags, "--error-exitcode", 66, self.tool, "train", model, "--data", data,
                        *step, "--steps", 1, "--device", self.device, "-o", self.folder / "sanitized.onnx")


class Kernels(Part):
    """Each kernel's share of the bandwidth that a copy reaches, library calls, and steps as predicted and measured."""

    SCHEDULE = re.compile(r"_(pointwise|gather|row|column_finish|column|nest|scatter)(_\d+)?$")

    def run(self):
        for network in self.options.networks:
            self.record.case(f"profile {network}", lambda: self.profile(network))

    def profile(self, network):
        ceiling = self.suite.machine.get("copy")
        if not ceiling:
            raise Skip("the copy bandwidth of the device is not known")
        model, data, flags = self.model(network, tiny=self.options.quick)
        glyph = self.folder / f"{network}.glyph"
        batch = 8 if self.options.quick else 128
        self.glyptic("compile", model, *flags, "--batch", batch, "--target", self.target(), "-o", glyph)
        steps = ["--steps", 2 if self.options.quick else 50, "--warm-up", 1 if self.options.quick else 5]
        machine = ["--machine", self.suite.machine_file] if self.suite.machine_file else []
        bench = json.loads(self.glyptic("bench", glyph, "--data", data, "--device", self.device, "--profile", "--json", *steps,
                                        *machine))
        schedules, calls = {}, []
        for item in bench["instructions"]:
            if item["kind"] == "library call":
                calls.append({key: item[key] for key in ("name", "nodes", "seconds", "flops", "bytes")})
                continue
            found = self.SCHEDULE.search(item["name"])
            sums = schedules.setdefault(found[1] if found else item["kind"], {"instructions": 0, "bytes": 0, "seconds": 0})
            for key, amount in (("instructions", 1), ("bytes", item["bytes"]), ("seconds", item["seconds"])):
                sums[key] += amount
        for sums in schedules.values():
            sums["share"] = sums["bytes"] / sums["seconds"] / ceiling
        median = bench["seconds"]["median"]
        rows = [f"{name:14} {sums['instructions']:4} kernels {sums['bytes'] / 1e6:10.2f} MB {100 * sums['share']:6.1f} % of a copy"
                for name, sums in sorted(schedules.items())]
        if calls:
            flops, seconds = (sum(call[key] for call in calls) for key in ("flops", "seconds"))
            rows.append(f"library calls  {len(calls):4} {flops / 1e9:10.2f} GFLOP {flops / seconds / 1e12:8.3f} TFLOP/s")
        queued = bench.get("queued") # by the processor of a GPU's machine
        return {"measured": median, "queued": queued, "predicted": bench["predicted"], "predicted_on": bench["machine"], "schedules": schedules,
                "library_calls": calls, "rows": rows,
                "text": f"step {1e3 * median:.3f} ms, predicted {1e3 * bench['predicted']:.3f} ms on {bench['machine']}"
                        + (f", queued in {1e6 * queued:.1f} us" if queued else "")}
