"""Turns lit's results into a table of suites and the line `N passed, N failed[, N skipped]`."""
import collections
import json
import sys

PASSED = {"PASS", "FLAKYPASS"}
# A test that states what is not there yet fails as expected: no pass. One that passes unexpectedly is a failure.
SKIPPED = {"UNSUPPORTED", "SKIPPED", "XFAIL"}


def main(path, lit_status):
    try:
        tests = json.load(open(path))["tests"]
    except FileNotFoundError:
        sys.exit(f"lit wrote no results (its exit code was {lit_status})")
    suites = collections.defaultdict(lambda: [0, 0.0])
    counts = collections.Counter()
    for test in tests:
        code = test["code"]
        if code == "EXCLUDED":
            continue
        kind = "passed" if code in PASSED else "skipped" if code in SKIPPED else "failed"
        counts[kind] += 1
        suite = test["name"].split("::")[1].strip().split("/")
        suite = "/".join(suite[:2] if len(suite) > 2 else suite[:1])
        suites[suite][0] += 1
        suites[suite][1] += test["elapsed"] or 0.0
    for name, (count, seconds) in sorted(suites.items()):
        print(f"{name:40} {count:5} tests {seconds:8.1f} s")
    if not counts["passed"] and not counts["failed"]:
        print("no test matches the filter")
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return 1 if counts["failed"] or not counts["passed"] or lit_status != "0" else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
