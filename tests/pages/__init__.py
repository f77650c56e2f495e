"""Every page of every role, once: what the tests of language and of accessibility look at."""
