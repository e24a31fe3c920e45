# RUN: %python %s %root
"""Runs what README.md and docs/*.md tell people to run, and compares what they show.

The ```sh blocks of a page run in order in one shell, in a folder that looks like the repository, and must succeed. Lines
that begin with scripts/setup, scripts/test or scripts/demo are left out: they install and build, and run this test.
A ```text or ```mlir block that follows a ```sh block is what it prints: its lines must occur in that order; `...` stands
for anything, values' numbers (%3) and the amount of space do not count.
Any other ```cpp, ```tablegen or ```mlir block is a quotation: its lines stand together in a file below the last path that the text
before it names.
"""
import os
import pathlib
import re
import subprocess
import sys

from glyptic_tool import enter_folder

root = pathlib.Path(sys.argv[1])
LANGUAGES = {"sh", "text", "mlir", "asm", "cpp", "tablegen"}
LEFT_OUT = re.compile(r"scripts/(setup|test|demo)\b")


def blocks(page):
    """(language, text) of every fenced block."""
    found = re.findall(r"^```(.*)\n([\s\S]*?)^```$", page.read_text(), re.MULTILINE)
    for language, text in found:
        assert language in LANGUAGES, f"{page.name}: a block of {language or 'no language'}; say sh where people type it:\n{text}"
    return found


def run(page, commands):
    """What each of `commands` prints."""
    script = "".join(f"echo; echo @@{i}\n{text}" for i, text in enumerate(commands))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    printed = re.split(r"^@@\d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert done.returncode == 0, f"{page.name}: exit code {done.returncode}\n{commands[len(printed) - 1]}\n{printed[-1]}"
    return printed


def pattern(line):
    wild = {"...": ".*", "%": r"%[\w#]+", " ": r"\s+"}
    pieces = re.split(r"(\.\.\.|%\w+|\s+)", line.strip())
    return "".join(wild.get(piece if piece == "..." else piece[:1], re.escape(piece)) if i % 2 else re.escape(piece)
                   for i, piece in enumerate(pieces))


def compare(page, command, shown, printed):
    position = 0
    for line in filter(str.strip, shown.splitlines()):
        found = re.compile(pattern(line)).search(printed, position)
        assert found, f"{page.name}: this is not printed (any more), or not in this order:\n{line}\n\nby\n{command}\n{printed}"
        position = found.end()


def quoted_from(text):
    """The files below the last path of the repository in `text`."""
    paths = [root / name for name in re.findall(r"[\w./-]*\w/[\w./-]*\w", text) if (root / name).exists()]
    assert paths, f"no path is named before a quotation:\n{text}"
    return [path for path in [paths[-1], *paths[-1].rglob("*")] if path.is_file()]


def check_quotations(page):
    def flat(text):
        return "\n".join(line.strip() for line in text.splitlines())

    text, shown = page.read_text(), False
    for block in re.finditer(r"^```(.*)\n([\s\S]*?)^```$", text, re.MULTILINE):
        shown = block[1] == "sh" or (shown and block[1] in ("text", "mlir"))
        if shown or block[1] not in ("cpp", "tablegen", "mlir"):
            continue
        files = quoted_from(text[:block.start()])
        assert any(flat(block[2]) in flat(file.read_text()) for file in files), f"{page.name}: this is not in {files}\n{block[2]}"


enter_folder()
for entry in os.listdir(root):
    os.symlink(root / entry, entry)
ran = 0
for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
    check_quotations(page)
    steps, previous = [], None  # of each step the commands and what is shown of their output
    for language, text in blocks(page):
        if language == "sh":
            steps.append(("".join(line for line in text.splitlines(True) if not LEFT_OUT.match(line)), []))
        elif language in ("text", "mlir") and previous in ("sh", "text", "mlir"):
            steps[-1][1].append(text)
        previous = language
    if not steps:
        continue
    for (command, shown), printed in zip(steps, run(page, [command for command, _ in steps])):
        for text in shown:
            compare(page, command, text, printed)
    ran += len(steps)
assert ran
