"""Work beside the test's own, by somebody who looks on as it does (core.rls)."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any


def beside(
    target: Callable[..., Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> threading.Thread:
    """A thread, not yet started. A plain one would be nobody to Postgres."""
    return threading.Thread(
        target=copy_context().run, args=(target, *args), kwargs=dict(kwargs or {})
    )
