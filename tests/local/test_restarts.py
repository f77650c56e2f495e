"""What ends by itself is started again; what keeps ending is not; what is frozen is left alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from local.addresses import ROOT
from local.processes import OrphanReaper, ProcessDied
from local.restarts import Kept, Program, Server
from local.servers import Postgres, Redis, make_runtime_dir, redis_program, remove_runtime_dir
from tests.local.test_processes import gone_within, is_alive

Keep = Callable[..., Kept]


@pytest.fixture
def keep() -> Iterator[Keep]:
    """Start a server and look after it; the first new start waits a tenth of a second unless told otherwise."""
    guardian = OrphanReaper(ROOT)
    made: list[Kept] = []

    def keep(server: Server, pause: float = 0.1) -> Kept:
        made.append(Kept(server, guardian, pause=pause))
        made[-1].start()
        return made[-1]

    yield keep
    for kept in made:
        kept.stop()
    guardian.dismiss()


def program(tmp_path: Path, script: str, *pass_fds: int) -> Program:
    command = ["bash", "-c", script]
    return Program("helper", command, log=tmp_path / "helper.log", env=os.environ, cwd=tmp_path, pass_fds=pass_fds)


def said_within(kept: Kept, seconds: float) -> str:
    """What is said when it was started again."""
    deadline = time.monotonic() + seconds
    while not (line := kept.start_again()):
        assert time.monotonic() < deadline, f"It was not started again within {seconds} s."
        time.sleep(0.02)
    return line


def test_a_killed_program_is_started_again_after_a_pause_and_its_orphans_are_ended(tmp_path, keep):
    kept = keep(program(tmp_path, "sleep 60 & echo $!; wait"), pause=0.5)
    first = kept.child
    while not (orphan := (tmp_path / "helper.log").read_text().strip()):
        time.sleep(0.02)
    assert kept.start_again() == ""
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    begun = time.monotonic()
    assert said_within(kept, 10) == "helper ended (killed by signal 9); started again"
    assert time.monotonic() - begun >= 0.5
    assert gone_within(int(orphan), 1)
    assert kept.child.is_running() and kept.child.pid != first.pid


def test_what_keeps_ending_is_given_up_with_the_end_of_its_log(tmp_path, keep):
    kept = keep(program(tmp_path, "echo life; exit 3"))
    said = []
    with pytest.raises(ProcessDied, match=r"helper ended 5 times within 60 seconds, .*\(exit code 3\)") as problem:
        for _ in range(500):
            said.append(kept.start_again())
            time.sleep(0.02)
    assert [line for line in said if line] == ["helper ended (exit code 3); started again"] * 4
    assert str(problem.value).count("life") == 5  # the log of every life, not of the last one alone


def test_each_pause_is_twice_as_long_as_the_one_before(tmp_path, keep):
    kept = keep(program(tmp_path, "exit 1"), pause=0.2)
    moments = [time.monotonic()]
    for _ in range(3):
        said_within(kept, 10)
        moments.append(time.monotonic())
    gaps = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert all(gap >= pause for gap, pause in zip(gaps, [0.2, 0.4, 0.8], strict=True)), gaps


def test_callers_wait_out_the_gap_when_the_listening_socket_is_held_outside(tmp_path, keep):
    """The web server's and the mail catcher's port: a caller between two lives is answered by the second."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serve = (
            "import socket, sys\n"
            "listener = socket.socket(fileno=int(sys.argv[1]))\n"
            "while True: listener.accept()[0].sendall(b'here')"
        )
        command = [sys.executable, "-c", serve, str(listener.fileno())]
        server = Program(
            "helper",
            command,
            log=tmp_path / "log",
            env=os.environ,
            cwd=tmp_path,
            pass_fds=[listener.fileno()],
        )
        kept = keep(server)
        kept.child.kill()
        with socket.create_connection(listener.getsockname(), timeout=20) as caller:
            said_within(kept, 10)
            assert caller.recv(4) == b"here"


def test_a_frozen_program_is_left_alone_and_stops_in_order(tmp_path, keep):
    kept = keep(program(tmp_path, "trap 'echo good-bye; exit 0' TERM; echo up; while true; do sleep 0.05; done"))
    while "up" not in (tmp_path / "helper.log").read_text():
        time.sleep(0.02)
    os.killpg(kept.child.pid, signal.SIGSTOP)
    for _ in range(20):
        assert kept.start_again() == ""
        time.sleep(0.02)
    begun = time.monotonic()
    kept.stop()
    assert time.monotonic() - begun < 5
    assert "good-bye" in (tmp_path / "helper.log").read_text()


@pytest.mark.skipif(redis_program() is None, reason="There is no redis-server on this machine.")
def test_redis_comes_back_on_the_same_address(keep, tmp_path):
    server = Redis(runtime=tmp_path, log=tmp_path / "redis.log")
    url = server.url
    kept = keep(server)
    kept.child.kill()
    assert said_within(kept, 30) == "Redis ended (killed by signal 9); started again"
    assert server.url == url
    with redis.Redis.from_url(url) as client:
        assert client.ping()


def test_postgres_recovers_what_was_committed(keep, tmp_path):
    pointer = tmp_path / "runtime"
    postgres = Postgres(tmp_path / "data", runtime=make_runtime_dir(pointer), log=tmp_path / "postgres.log")
    try:
        kept = keep(postgres)
        postgres.create_database("portal")
        with psycopg.connect(host=str(postgres.runtime), user="postgres", dbname="portal", autocommit=True) as client:
            client.execute("create table kept as select 42 as answer")
            os.kill(kept.child.pid, signal.SIGKILL)
            assert said_within(kept, 60) == "PostgreSQL ended (killed by signal 9); started again"
            with pytest.raises(psycopg.OperationalError):
                client.execute("select 1")
        with psycopg.connect(host=str(postgres.runtime), user="postgres", dbname="portal") as client:
            assert client.execute("select answer from kept").fetchone() == (42,)
        kept.stop()
    finally:
        remove_runtime_dir(pointer)


def test_the_guardian_ends_no_group_that_it_was_told_to_forget(tmp_path):
    """Its number may belong to somebody else by then."""
    guardian = OrphanReaper(ROOT)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as somebody:
        helper = program(tmp_path, "sleep 60")
        helper.start()
        assert helper.child is not None
        guardian.watch(helper.child)
        guardian._tell(somebody.pid)
        guardian._tell(-somebody.pid)
        guardian.dismiss()
        helper.child.process.wait(10)
        assert not is_alive(helper.child.pid)
        assert is_alive(somebody.pid)
        somebody.kill()
