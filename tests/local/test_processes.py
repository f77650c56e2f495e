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
from local.processes import CannotRun, Process, wait_until


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


def start(tmp_path, script: str) -> Process:
    """Start a bash script and wait for its first output."""
    process = Process("helper", ["bash", "-c", script], log=tmp_path / "helper.log")
    wait_until(lambda: "\n" in process.log.read_text(), processes=[process], seconds=10, what="Helper")
    return process


def test_a_process_that_ends_is_reported_with_the_end_of_its_log(tmp_path):
    process = Process("helper", ["bash", "-c", "echo what went wrong; exit 7"], log=tmp_path / "helper.log")
    with pytest.raises(CannotRun, match=r"helper stopped unexpectedly \(exit code 7\)(.|\n)*what went wrong"):
        wait_until(lambda: False, processes=[process], seconds=20, what="Helper")


def test_a_process_that_never_answers_is_reported_too(tmp_path):
    process = start(tmp_path, "echo up; sleep 60")
    with pytest.raises(CannotRun, match="Helper did not answer within 0 seconds"):
        wait_until(lambda: False, processes=[process], seconds=0.2, what="Helper")
    process.stop()


def test_output_is_shown_with_the_name_in_front_and_once(tmp_path):
    process = start(tmp_path, "printf 'one\\ntwo\\n'; sleep 60")
    assert process.new_lines() == ["helper | one", "helper | two"]
    with process.log.open("a") as log:
        log.write("three\n")
    assert process.new_lines() == ["helper | three"]
    assert process.new_lines() == []
    process.stop()


def test_stopping_kills_a_stubborn_process_and_what_it_started(tmp_path):
    process = start(tmp_path, "trap '' INT; sleep 60 & echo $!; wait; wait; sleep 60")
    grandchild = int(process.log.read_text())
    process.stop(timeout_seconds=0.2)
    assert process.popen.poll() is not None
    assert gone_within(grandchild, 5)


@pytest.mark.slow
@pytest.mark.parametrize("is_watched", [True, pytest.param(False, marks=pytest.mark.control)])
def test_a_parent_killed_with_9_takes_a_stubborn_process_along_and_nothing_else(tmp_path, is_watched):
    program = f"""
        import subprocess, sys, time
        from pathlib import Path
        from local import processes
        if not {is_watched}:
            processes.REAPER = "cat"
        stubborn = "trap '' INT; sleep 60 & wait; wait; sleep 60"
        process = processes.Process("x", ["bash", "-c", stubborn], log=Path(sys.argv[1]))
        other = subprocess.Popen(["sleep", "60"])
        print(process.popen.pid, other.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout
        pid, other = map(int, parent.stdout.readline().split())
        parent.kill()
    assert gone_within(pid, 20 if is_watched else 2) is is_watched
    assert is_alive(other)
    os.kill(other, signal.SIGKILL)
    if not is_watched:
        os.killpg(pid, signal.SIGKILL)
