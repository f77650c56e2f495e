"""What the tests of agreements share with those of emails."""

from tests.notifications.conftest import mail_server  # noqa: F401 - pytest finds fixtures by their names
