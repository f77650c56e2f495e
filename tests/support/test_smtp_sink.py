"""The tests' mail server fails exactly as configured."""

import smtplib

import pytest

SENT = ("a@b.example", ["c@d.example", "e@f.example"], "Subject: x\n\nhi")


def send(sink, timeout: float = 5) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=timeout) as client:
        client.sendmail(*SENT)


def test_it_saves_messages_with_their_envelope(smtp_sink):
    send(smtp_sink)
    [delivery] = smtp_sink.wait_for(1)
    assert (delivery.sender, delivery.recipients) == SENT[:2]
    assert delivery.message["Subject"] == "x"


def test_it_refuses_when_configured_to(smtp_sink):
    smtp_sink.rcpt_reply = "550 no such user"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp_sink)
    smtp_sink.rcpt_reply = ""
    smtp_sink.data_reply = ["451 later", "554 never"]
    for code in (451, 554):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(smtp_sink)
        assert refused.value.smtp_code == code
    send(smtp_sink)
    assert len(smtp_sink.deliveries) == 1
    assert smtp_sink.attempts == 3


def test_it_drops_the_connection_after_it_took_the_message(smtp_sink):
    smtp_sink.drop_after_data = True
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtp_sink)
    assert len(smtp_sink.messages) == 1


@pytest.mark.slow
@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_it_stops_while_it_hangs(smtp_sink, where):
    smtp_sink.hang_at = where
    with pytest.raises(OSError):
        send(smtp_sink, timeout=0.5)
    assert smtp_sink.deliveries == []


def test_it_restarts_on_the_same_port(smtp_sink):
    smtp_sink.stop()
    with pytest.raises(OSError):
        send(smtp_sink)
    smtp_sink.start()
    send(smtp_sink)
    assert len(smtp_sink.messages) == 1
