# RUN: %python %s %fixtures
"""Fixtures stay small (docs/decisions.md, 23): what a big one is compared with are norms and sampled entries, its weights
come from a seed."""
import pathlib
import sys

files = [path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file()]
sizes = {path.name: path.stat().st_size for path in files}
assert len(files) > 10, "the fixtures were not found"
assert max(sizes.values()) < 512 * 1024 and sum(sizes.values()) < 4 * 2**20, sizes
