"""The messages of Smart Meter Texas's own interface for third parties, for programs that send them already (M)."""
