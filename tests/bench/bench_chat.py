"""Chat: 100 rooms of three people, 200-byte lines; durable, sealed and access-checked.

Ours: the product's sockets as production runs them (uvicorn, here one process of two cores, with
PostgreSQL and a Redis protocol); people are admitted through the product's own doors. Ceiling,
in the same run: a plain Channels relay (relay.py) on the same PubSub layer, with the same number
of processes and no database. One load generator drives both, in turn, over fresh sockets.

Rate: everybody always has one line under way; lines a second that reached all three people.
Latency: from when a line was due to be sent until each of the other two has it, at a steady rate
offered to both (OFFERED). Lost, duplicated and reordered are counted by each
reader over everything sent in both parts.
"""

import asyncio
import statistics
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from tests.bench.world import (
    SOCKETS,
    cpu_seconds,
    fresh_database,
    python,
    running,
    session_today,
    signed_in,
    start_django,
)
from tests.ports import free_port

ROOMS, ROUNDS = 100, 3
WARM, SATURATED, STEADY = 2.0, 5.0, 6.0
OFFERED = 450.0  # lines a second: each of the 300 writes one every two thirds of a second


def make_rooms() -> list[list[tuple[str, str]]]:
    """Per room the socket's path and three sign-ins: therapist, child, guardian."""
    rooms = []
    for number in range(ROOMS):
        *people, appointment = session_today(str(number))
        path = f"/ws/sessions/{appointment.pk}/"
        rooms.append([(path, signed_in(user)) for user in people])
    return rooms


async def drive(load: Any, pids: list[int], offered: float) -> dict[str, Any]:
    """Both parts against one server."""
    async with load:
        servers, own = sum(map(cpu_seconds, pids)), time.process_time()
        began = time.perf_counter()
        rate = await load.saturate(warm=WARM, seconds=SATURATED)
        took = time.perf_counter() - began
        use = (sum(map(cpu_seconds, pids)) - servers) / took
        generator = (time.process_time() - own) / took
        late = await load.steady(offered, warm=WARM, seconds=STEADY)
    if load.faults.refused:
        raise SystemExit(f"The server refused lines: {load.faults.refused[:3]}")
    return {
        "rate": rate,
        "offered": offered,
        "p50": late[len(late) // 2] * 1000,
        "p99": late[len(late) * 99 // 100] * 1000,
        "server_cpu": use,
        "generator_cpu": generator,
        "faults": load.faults,
    }


def rounds(rooms: list[list[tuple[str, str]]], database: dict[str, str]) -> Any:
    """[(ours, relay), ...]; ours goes first in each round."""
    from tests.bench.chat_load import Load, Ours, Plain, Seat  # noqa: PLC0415

    our_port, plain_port = free_port(), free_port()
    origin = {"PUBLIC_ORIGIN": f"http://localhost:{our_port}"}
    seats = [[Seat(path, cookie) for path, cookie in room] for room in rooms]
    bare = [[Seat(f"/room/{number}")] * 3 for number in range(len(rooms))]

    def uvicorn(application: str, port: int) -> list[str]:
        return python("uvicorn", application, "--port", str(port), *SOCKETS)

    with ExitStack() as stack:
        mine = stack.enter_context(
            running(
                uvicorn("telehealth.sockets:application", our_port),
                our_port,
                path="/livez",
                env=database | origin,
            )
        )
        relay = stack.enter_context(
            running(
                uvicorn("tests.bench.relay:application", plain_port), plain_port, path="/", env={}
            )
        )
        for _ in range(ROUNDS):
            ours = asyncio.run(drive(Load(our_port, seats, Ours), [mine.pid], OFFERED))
            plain = asyncio.run(drive(Load(plain_port, bare, Plain), [relay.pid], OFFERED))
            yield ours, plain


def median(rows: list[dict[str, Any]], key: str, digits: int = 1) -> float:
    return round(statistics.median(row[key] for row in rows), digits)


def main() -> Iterable[dict[str, Any]]:
    start_django()
    with fresh_database() as database:
        pairs = list(rounds(make_rooms(), database))
    ours, relay = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ratio = statistics.median(mine["rate"] / plain["rate"] for mine, plain in pairs)
    yield {
        "number": "rate",
        "rooms": ROOMS,
        "people": 3 * ROOMS,
        "bytes": 200,
        "rounds": ROUNDS,
        "ours_per_s": median(ours, "rate"),
        "ceiling_per_s": median(relay, "rate"),
        "ratio": round(ratio, 2),
        "server_cpu": median(ours, "server_cpu", 2),
        "ceiling_server_cpu": median(relay, "server_cpu", 2),
        "generator_cpu": median(ours, "generator_cpu", 2),
        "ceiling_generator_cpu": median(relay, "generator_cpu", 2),
        "target": ">= 1",
        "met": ratio >= 1,
    }
    p99 = median(ours, "p99")
    yield {
        "number": "latency",
        "offered_per_s": median(ours, "offered"),
        "ours_p50_ms": median(ours, "p50"),
        "ours_p99_ms": p99,
        "ceiling_p50_ms": median(relay, "p50"),
        "ceiling_p99_ms": median(relay, "p99"),
        "target": "p99 < 100",
        "met": p99 < 100,
    }
    yield from faults(ours, relay)


def faults(ours: list[dict[str, Any]], relay: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    kinds = ("lost", "duplicated", "reordered")
    mine = {kind: sum(getattr(row["faults"], kind) for row in ours) for kind in kinds}
    plain = {
        f"ceiling_{kind}": sum(getattr(row["faults"], kind) for row in relay) for kind in kinds
    }
    yield {
        "number": "faults",
        **mine,
        **plain,
        "target": "0, 0, 0",
        "met": not any(mine.values()),
    }
