"""Group commit: while one transaction runs, the lines that arrive wait and share the next one."""

import asyncio
from collections import deque

from core.errors import CONNECTION_ERRORS
from sessions_app import pool
from sessions_app.actions.chat import Line, Written, write_many

# One transaction's share; a flood must not make everybody wait for one huge commit.
LARGEST_BATCH = 200
# A commit costs nearly the same for one line as for thirty: when so many come at once, waiting for
# still more serves everybody sooner. Ordinary talk never waits.
CROWD = 30
GATHER_SECONDS = 0.02


class ChatWriter:
    """One per event loop. `write` answers when the line is committed (or refused)."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Line, asyncio.Future[Written]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def write(self, line: Line) -> asyncio.Future[Written]:
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((line, done))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return done

    async def _work(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), LARGEST_BATCH)
                batch = [self._waiting.popleft() for _ in range(count)]
                await self._commit(batch)
                if count >= CROWD:
                    await asyncio.sleep(GATHER_SECONDS)
        finally:
            self._task = None

    async def _commit(self, batch: list[tuple[Line, "asyncio.Future[Written]"]]) -> None:
        try:
            results = await pool.run(write_many, [line for line, _done in batch])
        except Exception as exc:  # noqa: BLE001  # each writer gets it as its own answer
            if len(batch) > 1 and not isinstance(exc, CONNECTION_ERRORS):
                # One line that cannot be stored must not take other rooms' words with it.
                for one in batch:
                    await self._commit([one])
                return
            for _line, done in batch:
                if not done.done():
                    done.set_exception(exc)
            return
        for (_line, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)
