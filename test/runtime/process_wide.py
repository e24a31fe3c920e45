# RUN: %python %s %build
"""Nothing is process-wide (docs/decisions.md, 10): the runtime has no variable that outlives a call, so that sessions of
one process cannot meet in one."""
import pathlib
import re
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
# Tables made once, never written again: what this processor can do, what is known of GPUs.
CONSTANT = {"getFeatures", "getKnown"}
objects = [path for level in ("support", "runtime") for path in (build / level).rglob("*.o")]
assert len(objects) > 30, "the objects were not found"
seen = set()
for path in objects:
    table = subprocess.run(["llvm-objdump", "-t", path], capture_output=True, text=True, check=True).stdout
    for section, symbol in re.findall(r" O (\.(?:bss|data|tbss|tdata)(?!\.rel\.ro)\S*)\s+\S+ (?:\.hidden )?(\S*glyptic\S*)$", table, re.MULTILINE):
        if not symbol.startswith("_ZGV"):  # the guard of a variable that is listed itself
            seen.add(f"{path.name} {symbol}")
assert any("getFeatures" in symbol for symbol in seen), "the tables are read wrongly"
found = [symbol for symbol in seen if not any(name in symbol for name in CONSTANT)]
assert not found, found
