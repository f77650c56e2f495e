"""What the tests of agreements share with those of emails and of the third party's pages."""

from tests.notifications.conftest import mail_server  # noqa: F401 - pytest finds fixtures by their names
from tests.support.third_party_pages import member  # noqa: F401 - likewise
