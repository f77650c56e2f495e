"""Install requirements/NAME.txt into .venv, once: `python3 scripts/install.py NAME`. Needs nothing but Python.

A second call sees that nothing changed and returns at once. An install that was interrupted is noticed and begun anew:
pip takes a half-written package for a whole one.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"
OLDEST = (3, 11)


def main(name: str) -> int:
    if sys.version_info < OLDEST:
        return fail("The portal needs Python 3.11 or newer. Name one: make PYTHON=python3.12 ...")
    wanted = hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()
    stamp = VENV / f"installed-{name}"
    VENV.mkdir(exist_ok=True)
    with (ROOT / ".venv" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may both be in their first minute
        if not UNFINISHED.exists() and stamp.exists() and stamp.read_text() == wanted and works():
            return 0
        if UNFINISHED.exists() or not works():
            empty(VENV)
        UNFINISHED.touch()
        if not works():
            print("Creating .venv ...", flush=True)
            if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
                return fail("Python could not create a virtual environment. On Debian: apt install python3-venv")
        print(f"Installing requirements/{name}.txt ...", flush=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pip += ["--require-hashes", "--requirement", str(ROOT / "requirements" / f"{name}.txt")]
        if subprocess.run(pip, check=False).returncode:
            return fail("The requirements could not be installed; pip says above why. Then try again.")
        stamp.write_text(wanted)
        UNFINISHED.unlink()
    return 0


def works() -> bool:
    """Whether .venv has a Python with pip that starts; one whose system Python was removed does not."""
    if not PYTHON.exists():
        return False
    probe = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name == "lock":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
