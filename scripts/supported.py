#!/usr/bin/env python3
"""Writes docs/supported.md: what is known of each ONNX operator, from the table of importers, ONNX's own schemas and the
node suite's list of expected failures. With --check, says whether the page is as it would be written."""
import collections
import itertools
import pathlib
import subprocess
import sys

import onnx.defs

ROOT = pathlib.Path(__file__).parent.parent
PAGE = ROOT / "docs" / "supported.md"
sys.path.insert(0, str(ROOT / "test" / "suite"))
import node_suite  # noqa: E402

INTRODUCTION = """# Supported operators

Written by `scripts/supported.py`; a test holds it current. **Versions**: the opsets from which the importer has a rule of
its own, to 28; *body*: expanded to the operators of ONNX's definition. **Types**: those of the standard that programs
compute with. **Interpreter**, **CPU**: cases of the ONNX node suite (plain tensors, static shapes) that pass, of all
there are; `-` where the suite has none. **Gradient**: cases whose derivative agrees with differences in FP64, of those
with floating-point inputs and outputs; `none` where none has one. test/suite/expected_failures.json gives the reason of
each failure.

Operators that are not listed are refused by name, with all other faults of the model in one message.

"""
TYPES = ["float", "double", "float16", "bfloat16", "int8", "int16", "int32", "int64",
         "uint8", "uint16", "uint32", "bool"]


def read_importers():
    """First versions by domain and operator."""
    versions = collections.defaultdict(list)
    listing = subprocess.run(["glyptic-translate", "--operators"], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        domain, op, version = line.split()
        versions[domain, op].append(int(version))
    return versions


def count_cases():
    """Passing and all cases by operator and mode; those of all operators together under None."""
    failing = node_suite.read_list()
    passed, total = collections.Counter(), collections.Counter()
    for name, case in node_suite.plain_cases().items():
        nodes = case.model.graph.node
        keys = [None] if len(nodes) != 1 else [None, (nodes[0].domain or "ai.onnx", nodes[0].op_type)]
        for key, mode in itertools.product(keys, node_suite.modes_of(case)):
            total[key, mode] += 1
            passed[key, mode] += (name, mode) not in failing
    return passed, total


def describe_share(passed, total, mode):
    return f"{passed[None, mode]:,} of {total[None, mode]:,} ({passed[None, mode] / total[None, mode]:.1%})"


def describe_types(schema):
    allowed = {t[7:-1] for constraint in schema.type_constraints for t in constraint.allowed_type_strs if t.startswith("tensor(")}
    allowed |= {i.type_str[7:-1] for i in schema.inputs if i.type_str.startswith("tensor(")}
    return ", ".join(t for t in TYPES if t in allowed) or "-"


def write_page():
    importers = read_importers()
    passed, total = count_cases()
    schemas = {(s.domain or "ai.onnx", s.name): s for s in onnx.defs.get_all_schemas()}
    rows = []
    for key, schema in sorted(schemas.items()):
        is_body = key not in importers and (schema.has_function or schema.has_context_dependent_function)
        counts = {mode: (passed[key, mode], total[key, mode]) for mode in node_suite.MODES}
        if key not in importers and not (is_body and counts["interpreted"][0]):
            continue
        cell = {mode: f"{good} of {all}" if all else "-" for mode, (good, all) in counts.items()}
        if counts["gradient"][1] and not counts["gradient"][0]:
            cell["gradient"] = "none"
        versions = "*body*" if is_body else ", ".join(map(str, sorted(importers[key])))
        name = key[1] if key[0] == "ai.onnx" else f"{key[0]}.{key[1]}"
        rows.append(f"| {name} | {versions} | {describe_types(schema)} | {cell['gradient']} | {cell['interpreted']} | {cell['compiled']} |")
    shares = ", ".join(f"{describe_share(passed, total, mode)} {mode}" for mode in node_suite.MODES)
    head = f"{len(rows)} operators. Of all cases pass: {shares}.\n\n| operator | versions | types | gradient | interpreter | CPU |\n|---|---|---|---|---|---|\n"
    return INTRODUCTION + head + "\n".join(rows) + "\n"


page = write_page()
if "--check" not in sys.argv:
    PAGE.write_text(page)
elif page != PAGE.read_text():
    sys.exit(f"{PAGE} is not current: run scripts/supported.py")
