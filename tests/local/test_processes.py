"""What we start ends with us."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from local.addresses import ROOT
from local.processes import Process, ProcessDied, wait_until


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, and between that and reading it
        return False
    return state != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_child_that_dies_is_reported_with_the_end_of_its_log(tmp_path):
    program = "import sys; print('what went wrong', flush=True); sys.exit(7)"
    child = Process("helper", [sys.executable, "-c", program], log=tmp_path / "helper.log")
    with pytest.raises(ProcessDied, match=r"helper ended by itself \(exit code 7\)(.|\n)*what went wrong"):
        wait_until(lambda: False, children=[child], seconds=20, what="Helper")


def test_one_that_never_answers_is_reported_too(tmp_path):
    child = Process("helper", ["sleep", "60"], log=tmp_path / "helper.log")
    with pytest.raises(ProcessDied, match="Helper did not answer within 0 seconds"):
        wait_until(lambda: False, children=[child], seconds=0.2, what="Helper")
    child.stop()


def test_stopping_ends_a_stubborn_child_and_what_it_started(tmp_path):
    program = "trap '' TERM; sleep 60 & echo $!; wait; wait; sleep 60"
    child = Process("stubborn", ["bash", "-c", program], log=tmp_path / "log")
    wait_until(lambda: bool((tmp_path / "log").read_text().strip()), children=[child], seconds=10, what="Stubborn")
    grandchild = int((tmp_path / "log").read_text())
    child.stop(patience=0.2)
    assert not child.is_running()
    assert gone_within(grandchild, 5)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux signals a parent's death.")
@pytest.mark.parametrize("leashed", [True, pytest.param(False, marks=pytest.mark.control)])
def test_a_parent_killed_with_9_takes_its_child_along(tmp_path, leashed):
    program = f"""
        import sys, time
        from pathlib import Path
        from local import processes
        if not {leashed}:
            processes._libc = None
        child = processes.Process("x", ["sleep", "60"], log=Path(sys.argv[1]))
        print(child.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone_within(pid, 20 if leashed else 1) is leashed
    if not leashed:
        os.kill(pid, signal.SIGKILL)
