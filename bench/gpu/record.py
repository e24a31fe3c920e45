"""What the suite finds out, kept after every case: results.json, table.txt and suite.log in one folder."""
import json
import os
import pathlib
import signal
import subprocess
import time


class Failure(Exception):
    """A case that did not go as it should; the text says what was wrong."""


class Skip(Exception):
    """A case that cannot run here; the text says what is missing."""


def time_is_up(number, frame):
    raise subprocess.TimeoutExpired("the case", 0)


class Record:
    """Cases of parts with their results, and the time that a part has."""

    def __init__(self, folder, environment):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = environment
        self.path = self.folder / "results.json"
        # Parts may be run one at a time, each adding its own.
        self.results = json.loads(self.path.read_text()) if self.path.exists() else {"machine": {}, "parts": {}}
        self.log_file = open(self.folder / "suite.log", "a")
        self.part, self.deadline = None, None
        signal.signal(signal.SIGALRM, time_is_up)

    def begin(self, part, seconds):
        self.part, self.deadline = part, time.monotonic() + seconds
        self.results["parts"][part] = {}
        self.save()

    def left(self):
        return self.deadline - time.monotonic()

    def case(self, name, function):
        """Runs `function`, which returns a dictionary or raises Failure or Skip. Nothing starts when time is up."""
        start = time.monotonic()
        try:
            if self.left() <= 0:
                raise Skip("the time of this part is up")
            signal.setitimer(signal.ITIMER_REAL, self.left() + 2)  # commands end by themselves; this is for all else
            result = {"status": "passed", **(function() or {})}
        except Skip as reason:
            result = {"status": "skipped", "why": str(reason)}
        except subprocess.TimeoutExpired:
            result = {"status": "failed", "why": "it did not end within the time of this part"}
        except (Failure, OSError, ValueError, KeyError, RuntimeError) as error:
            result = {"status": "failed", "why": f"{error}" or type(error).__name__}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        result["took"] = round(time.monotonic() - start, 3)
        self.results["parts"][self.part][name] = result
        self.log(f"== {self.part}: {name}: {result['status']}{': ' + result['why'] if 'why' in result else ''}")
        self.save()

    def run(self, *command):
        """Output of a command, which must succeed within the part's time."""
        command = [str(word) for word in command]
        self.log("$ " + " ".join(command))
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                   env=self.environment, start_new_session=True)
        try:
            out, err = process.communicate(timeout=max(1, self.left()))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # what it started, too
            process.communicate()
            raise
        self.log(out + err)
        if process.returncode:
            lines = (err.strip() or out.strip() or "no output").splitlines()
            line = lines[0] if err.strip() else lines[-1]
            raise Failure(f"{pathlib.Path(command[0]).name} ended with {process.returncode}: {line}")
        return out

    def log(self, text):
        self.log_file.write(text.rstrip() + "\n")
        self.log_file.flush()

    def save(self):
        for path, text in [(self.path, json.dumps(self.results, indent=1) + "\n"),
                           (self.folder / "table.txt", render(self.results))]:
            whole = path.with_suffix(".part")  # a reader, or a kill, never meets half of it
            whole.write_text(text)
            whole.replace(path)

    def failed(self):
        return sum(case["status"] == "failed" for part in self.results["parts"].values() for case in part.values())


STATUSES = ("passed", "failed", "skipped")


def render(results):
    """The table for people: a line for each case, with its numbers."""
    machine = results["machine"]
    shown = {key: value for key, value in machine.items() if key not in ("libraries", "memory", "copy")}
    lines = [", ".join(f"{key} {value}" for key, value in shown.items())]
    if "copy" in machine:
        lines.append(f"a copy reaches {machine['copy'] / 1e9:.0f} GB/s, read and written")
    for part, cases in results["parts"].items():
        counts = [f"{sum(case['status'] == status for case in cases.values())} {status}" for status in STATUSES]
        lines += ["", f"{part}: {', '.join(counts)}"]
        for name, case in cases.items():
            detail = case.get("why") or case.get("text", "")
            lines.append(f"  {case['status']:8} {name:34} {detail}".rstrip())
            lines += [f"           {row}" for row in case.get("rows", [])]
    return "\n".join(lines) + "\n"
