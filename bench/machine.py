"""What a figure was measured on, and how the cores are shared out."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 2) - 1
ON_SERVER_CORE = ["taskset", "--cpu-list", str(SERVER_CORE)]
ON_LOAD_CORE = ["taskset", "--cpu-list", str(LOAD_CORE)]


def machine() -> dict[str, Any]:
    """The machine in words: processor, cores, kernel, Python and server."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    return {
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "granian": version("granian"),
        "server_on_core": SERVER_CORE,
        "load_on_core": LOAD_CORE,
        "load_average_at_start": os.getloadavg()[0],
    }


def processes_below(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            fields = _stat(int(folder.name))
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def processor_seconds(pid: int) -> float:
    """What a process and its descendants have used of the processors so far."""
    spent = [_stat(each) for each in processes_below(pid)]
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in spent if fields)
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """The memory that a process and its descendants hold; what they share counts for each."""
    pages = [_stat(each) for each in processes_below(pid)]
    return sum(int(fields[21]) for fields in pages if fields) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name; none if the process has just ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
