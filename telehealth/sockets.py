"""What a process of the sockets runs: the application, and a garbage collector that keeps out of
the way. Not in asgi.py: tests and pages load that one, too.
"""

import gc

from telehealth.asgi import application

__all__ = ["application"]

# A full collection walks everything ever loaded and stops every room for 150 to 230 ms, seen every
# four seconds under load. What is loaded by now stays: leave it out, and look at the rest rarely.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 100)
