"""The machine and the commit that a record speaks of."""

import os
import platform
import re
import subprocess
from pathlib import Path

from places import REPOSITORY


def facts() -> dict:
    """The processor, memory and kernel; nothing that names the machine."""
    processor = cpu()
    return {
        "cpu": processor["model name"],
        "cpu_family": int(processor["cpu family"]),
        "cpu_model": int(processor["model"]),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": f"{platform.system()} {platform.release()}",
        "huge_pages": huge_pages(),
    }


def in_words(facts_of_machine: dict) -> str:
    """The machine in a line."""
    family, model = facts_of_machine["cpu_family"], facts_of_machine["cpu_model"]
    memory = f"{facts_of_machine['memory_bytes'] / (1 << 30):.0f} GiB of memory"
    return f"{facts_of_machine['cpu']} (family {family}, model {model}), {facts_of_machine['cores']} cores, {memory}"


def slug(facts_of_machine: dict) -> str:
    """A folder name: virtual machines give all processors of a maker one name, family and model tell them apart."""
    name = re.sub(r"[^a-z0-9]+", "-", facts_of_machine["cpu"].lower()).strip("-")
    return f"{name}-family-{facts_of_machine['cpu_family']}-model-{facts_of_machine['cpu_model']}"


def cpu() -> dict:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    fields = dict((part.strip() for part in line.split(":", 1)) for line in lines)
    return {"model name": "unknown processor", "cpu family": "0", "model": "0", **fields}


def huge_pages() -> str:
    """The setting in force, of `always madvise never`."""
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return setting.read_text(encoding="ascii").partition("[")[2].partition("]")[0] if setting.exists() else "none"


def commit() -> str:
    """The commit that was built, with a mark if something else was."""
    command = ["git", "describe", "--always", "--dirty=, changed", "--exclude=*"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "no commit known"
