"""Writes docs/status.md from docs/demands.toml and the results of the last full `scripts/test`.

Usage: scripts/status.py (after scripts/test without a filter)
"""
import collections
import json
import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PASSED = {"PASS", "FLAKYPASS"}
LIMIT_MINUTES = 30


def verdict(demand, tests):
    """One cell: what proves the demand, or that nothing does."""
    if "state" in demand:
        return demand["state"]
    if "command" in demand:
        return f"by hand: `{demand['command']}`"
    matching = [t for t in tests if re.search(demand["test"], t["name"])]
    if not matching:
        return f"not yet (no test named `{demand['test']}`)"
    failed = [t for t in matching if t["code"] not in PASSED]
    words = f"{len(matching) - len(failed)} of {len(matching)} pass"
    return f"{words}: {command(demand['test'], matching)}"


def command(pattern, tests):
    """How to run the tests by hand: lit takes a path, a unit test's name goes to its binary."""
    binaries = {t["name"].split("/")[1] for t in tests if t["name"].startswith("units")}
    if len(binaries) == 1 and pattern not in binaries:
        return f"`build/test/units/{binaries.pop()} --gtest_filter='*{pattern}*'`"
    return f"`scripts/test '{pattern}'`"


def suites(tests):
    counts, seconds = collections.Counter(), collections.Counter()
    for test in tests:
        parts = test["name"].split(" :: ")[1].split("/")
        suite = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
        counts[suite] += 1
        seconds[suite] += test["elapsed"] or 0.0
    return [(suite, counts[suite], seconds[suite]) for suite in sorted(counts)]


def main():
    demands = tomllib.loads((ROOT / "docs/demands.toml").read_text())
    run = json.loads((ROOT / "build/test/results.json").read_text())
    lines = ["# Status", "", "Made by `scripts/status.py` from docs/demands.toml and the last full test run; do not edit.", ""]
    for issue in demands["issue"]:
        lines += [f"## {issue['title']}", "", "| demand | proof |", "|---|---|"]
        lines += [f"| {d['text']} | {verdict(d, run['tests']).replace('|', chr(92) + '|')} |" for d in issue["demand"]] + [""]
    lines += ["## Time of the suites", "", "| suite | tests | seconds (sum over tests) |", "|---|---|---|"]
    lines += [f"| {name} | {count} | {seconds:.1f} |" for name, count, seconds in suites(run["tests"])]
    lines += ["", f"The whole run took {run['elapsed'] / 60:.1f} of {LIMIT_MINUTES} minutes on 2 cores, without the build.", ""]
    (ROOT / "docs/status.md").write_text("\n".join(lines))


main()
