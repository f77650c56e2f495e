"""`make bench`: are the goals for usage data met on this machine? (docs/performance.md)

Every goal is a ratio or a size from one run. Things that are compared run in turns, so that a busy machine slows both.
The naive and the raw versions exist only here, and must give the same bytes as ours.
"""
