"""One line a step, with its seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def step(text: str, work: Callable[[], T]) -> T:
    print(f"  {text + ' ...':<46}", end="", flush=True)
    started = time.monotonic()
    result = work()
    print(f"{time.monotonic() - started:5.1f} s", flush=True)
    return result
