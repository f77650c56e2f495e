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
from local.orphan_reaper import OrphanReaper
from local.processes import Process, ProcessEnded, wait_until


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
    with pytest.raises(ProcessEnded, match=r"helper ended by itself \(exit code 7\)(.|\n)*what went wrong"):
        wait_until(lambda: False, processes=[process], seconds=20, what="Helper")


def test_a_process_that_never_answers_is_reported_too(tmp_path):
    process = start(tmp_path, "echo up; sleep 60")
    with pytest.raises(ProcessEnded, match="Helper did not answer within 0 seconds"):
        wait_until(lambda: False, processes=[process], seconds=0.2, what="Helper")
    process.stop()


def test_output_is_shown_line_by_line_with_the_name_in_front(tmp_path):
    process = start(tmp_path, "echo one; echo two; printf thr; sleep 60")
    while not process.log.read_text().endswith("thr"):
        time.sleep(0.02)
    assert process.new_lines() == ["helper | one", "helper | two"]
    with process.log.open("a") as log:
        log.write("ee\n")
    assert process.new_lines() == ["helper | three"]
    assert process.new_lines() == []
    process.stop()


def test_stopping_kills_a_stubborn_process_and_what_it_started(tmp_path):
    process = start(tmp_path, "trap '' TERM; sleep 60 & echo $!; wait; wait; sleep 60")
    grandchild = int(process.log.read_text())
    process.stop(timeout_seconds=0.2)
    assert not process.is_running()
    assert gone_within(grandchild, 5)


def test_a_suspended_process_stops_in_order(tmp_path):
    process = start(tmp_path, "trap 'echo good-bye; exit 0' TERM; echo up; while true; do sleep 0.05; done")
    os.killpg(process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    process.stop()
    assert time.monotonic() - begun < 5
    assert "good-bye" in process.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux signals a parent's death.")
@pytest.mark.parametrize("is_tied", [True, pytest.param(False, marks=pytest.mark.control)])
def test_a_parent_killed_with_9_takes_its_process_along(tmp_path, is_tied):
    program = f"""
        import sys, time
        from pathlib import Path
        from local import processes
        if not {is_tied}:
            processes._libc = None
        process = processes.Process("x", ["sleep", "60"], log=Path(sys.argv[1]))
        print(process.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone_within(pid, 20 if is_tied else 1) is is_tied
    if not is_tied:
        os.kill(pid, signal.SIGKILL)


def test_the_reaper_kills_what_it_watches_and_nothing_else(tmp_path):
    reaper = OrphanReaper()
    watched = start(tmp_path, "trap '' TERM; echo up; while true; do sleep 1; done")
    reaper.watch(watched)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        reaper.dismiss()
        assert not watched.is_running()
        assert is_alive(other.pid)
        other.kill()
