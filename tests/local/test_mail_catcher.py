"""Development's mail server saves whole messages with their envelopes."""

import smtplib
import threading
from email import message_from_bytes, policy
from pathlib import Path

from local.mail_catcher import MailCatcher, save_message


def saved_files(mailbox: Path) -> list[Path]:
    return sorted(mailbox.glob("*.eml"))


def test_a_sent_message_is_saved_with_its_envelope(tmp_path):
    mailbox = tmp_path / "mail box"
    catcher = MailCatcher(mailbox)
    catcher.start()
    try:
        with smtplib.SMTP("127.0.0.1", catcher.port, timeout=20) as client:
            client.sendmail("from@a.example", ["one@b.example", "two@b.example"], "Subject: Hello\n\n.dot\nbody")
    finally:
        catcher.stop()
    [path] = saved_files(mailbox)
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["X-Envelope-From"] == "from@a.example"
    assert message["X-Envelope-To"] == "one@b.example, two@b.example"
    assert message["Subject"] == "Hello"
    assert message.get_content().splitlines() == [".dot", "body"]


def test_names_order_by_time_of_arrival(tmp_path):
    written = [save_message(tmp_path, b"\r\n", sender="a", recipients=[]) for _ in range(50)]
    assert saved_files(tmp_path) == written


def test_a_reader_never_sees_a_part_of_a_message(tmp_path):
    content = b"Subject: x\r\n\r\n" + b"x" * 3_000_000
    sizes: set[int] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            sizes.update(path.stat().st_size for path in saved_files(tmp_path))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        save_message(tmp_path, content, sender="a@b.example", recipients=["c@d.example"])
    done.set()
    reader.join()
    assert sizes <= {path.stat().st_size for path in saved_files(tmp_path)}
    assert len({path.stat().st_size for path in saved_files(tmp_path)}) == 1
