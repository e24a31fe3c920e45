"""Runs the command line tool for tests and checks what scripts may rely on: exit codes, first lines, whole files."""
import json
import os
import subprocess
import tempfile

USAGE, FAILED, DEFECT, INTERRUPTED = 2, 1, 70, 130


def run(*arguments, code=0, timeout=600, **options):
    """Runs `glyptic ARGUMENTS` and returns the completed process; any other exit code than `code` fails the test."""
    command = ["glyptic", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    assert done.returncode == code, f"{' '.join(command)}: exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
    return done


def fails(*arguments, code=FAILED, says=(), **options):
    """Runs a command that must fail with `code`, and an error on the first line of stderr with all of `says`."""
    done = run(*arguments, code=code, **options)
    first = done.stderr.split("\n", 1)[0]
    assert first.startswith("error: "), f"first line of stderr: {first!r}"
    for part in [says] if isinstance(says, str) else says:
        assert part in done.stderr, f"{part!r} is not in: {done.stderr}"
    return done


def log_lines(path):
    """The steps and the evaluations of a --log file."""
    lines = [json.loads(line) for line in open(path)]
    return [line for line in lines if "event" not in line], [line for line in lines if "event" in line]


_folder = tempfile.TemporaryDirectory(prefix="glyptic-test-")  # goes with the process


def enter_folder():
    """Makes a fresh folder the working directory."""
    os.chdir(_folder.name)
