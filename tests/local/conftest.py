"""What the tests of the inbox share with those of emails."""

from tests.notifications.conftest import mail_server, queue  # noqa: F401 - pytest finds fixtures by their names
