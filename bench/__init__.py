"""`make bench`: are the goals for usage data met on this machine? (docs/performance.md)

Every goal is a ratio, or a size, taken in one run: what is compared runs in turns, so that a busy machine slows both.
The naive and the raw versions that ours is compared with live here and nowhere else, and must give the same bytes.
"""
