"""The Dockerfile read by machine: its lines, and a folder with what the image would contain."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.support.source_files import ROOT, tracked

# Steps that need a network or the system's own files. Each is named, so that a new one is run or named here.
REPLACED = {
    "python -m venv /venv": "the tests' own environment",
    "/venv/bin/pip install": "the tests' own environment",
    "useradd --system": "the account that runs the tests",
}


@dataclass
class Stage:
    """From one FROM to the next."""

    base: str
    env: dict[str, str] = field(default_factory=dict)
    run: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def value(self, instruction: str) -> str:
        return next(value for name, value in self.lines if name == instruction)


def read_dockerfile() -> list[Stage]:
    text = "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        name, _space, value = line.strip().partition(" ")
        if name == "FROM":
            stages.append(Stage(base=value.split()[0]))
        elif name == "ENV":
            stages[-1].env |= dict(pair.split("=", 1) for pair in value.split())
        elif name == "RUN":
            stages[-1].run.append(value)
        if name:
            stages[-1].lines.append((name, value))
    return stages


def server_command() -> list[str]:
    """Return what the image runs if it is not told otherwise, with the tests' Python."""
    program, *arguments = json.loads(read_dockerfile()[-1].value("CMD"))
    return [sys.executable, "-m", program, *arguments]


def copy_project(folder: Path) -> None:
    """Copy what `COPY . .` copies: everything but what .dockerignore names."""
    ignored = (ROOT / ".dockerignore").read_text().split()
    for path in tracked("*"):
        name = path.relative_to(ROOT).as_posix()
        if not any(name.startswith(f"{entry}/") or fnmatch(name, entry) for entry in ignored):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)


def build(folder: Path, static: Path) -> list[str]:
    """Run the build stage's steps in `folder`, with nothing but the Dockerfile's environment; return those that ran."""
    stage = read_dockerfile()[0]
    ran = []
    for step in stage.run:
        if step.startswith(tuple(REPLACED)):
            continue
        step = step.replace("/venv/bin/python", sys.executable).replace("STATIC_ROOT=/static", f"STATIC_ROOT={static}")
        environment = stage.env | {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
        done = subprocess.run(["/bin/sh", "-c", step], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
        ran.append(step)
    return ran
