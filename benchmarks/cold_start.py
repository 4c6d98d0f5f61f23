"""What the command line costs before it does anything: CPU beside a bare python, in the same run.

Usage: cold_start.py [--repeats 7]

``first request`` is a run over HTTP: the server, in this process, reads from /proc what the run's own process had used
when its first request came in (Linux). CPU is user and system time of the process in milliseconds, the median.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Final

COMMAND: Final = (sys.executable, "-c", "from debate.cli.main import main; main()")
ROOT: Final = Path(__file__).resolve().parents[1]
TICKS: Final = os.sysconf("SC_CLK_TCK")
SCENARIO: Final = """\
debate: 1
name: cold
motion: Tea is better than coffee.
models: {cheap: "ollama:any"}
participants: {ana: {}, ben: {}}
rounds: [{name: opening, who: debater, hears: nobody}]
"""


def environment() -> dict[str, str]:
    """The environment, with this checkout's package."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def cpu_of(command: tuple[str, ...], folder: Path) -> float:
    """Milliseconds of CPU that a command takes to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def cpu_to_first_request(folder: Path) -> float:
    """Milliseconds of CPU that ``debate run`` has taken when its first request arrives."""
    arrived, used = Event(), [0.0]
    process: list[subprocess.Popen[bytes]] = []

    class First(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not arrived.is_set():
                fields = Path(f"/proc/{process[0].pid}/stat").read_text().rpartition(") ")[2].split()
                used[0] = 1000 * (int(fields[11]) + int(fields[12])) / TICKS
                arrived.set()
            self.close_connection = True

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), First) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"ollama=http://127.0.0.1:{server.server_address[1]}/v1"
        run = (*COMMAND, "run", "cold.yaml", "--endpoint", url, "--no-similarity", "--quiet")
        process.append(subprocess.Popen(run, cwd=folder, env=environment(), stdout=-3, stderr=-3))
        arrived.wait(60)
        process[0].kill()
        process[0].wait()
        server.shutdown()
    return used[0]


def main() -> None:
    """Measure each in turn, several times over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats: int = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cold.yaml").write_text(SCENARIO)
        cases: dict[str, Callable[[], float]] = {
            "bare python": lambda: cpu_of((sys.executable, "-c", "pass"), folder),
            "debate --help": lambda: cpu_of((*COMMAND, "--help"), folder),
            "debate plan demo": lambda: cpu_of((*COMMAND, "plan", "demo"), folder),
            "debate run, first request": lambda: cpu_to_first_request(folder),
        }
        taken: dict[str, list[float]] = {case: [] for case in cases}
        for _ in range(repeats):
            for case, measure in cases.items():
                taken[case].append(measure())
    bare = statistics.median(taken["bare python"])
    for case, values in taken.items():
        median = statistics.median(values)
        print(f"{case:<28}{median:7.0f} ms CPU   {median / bare:5.1f} x bare python")


if __name__ == "__main__":
    main()
