"""The live pages without a database, for developing their look: python -m tests.sessions_app.room_dev

Opens http://localhost:8123/room/therapist and /wait/child, /wait/guardian, /check/child. The server
here is a toy that keeps one room in memory and checks nothing; the real one is sessions_app.
"""

import json
import mimetypes
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import django
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import path

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = {"therapist": "Amara", "child": "Sam", "guardian": "Maria", "interpreter": "Li"}
ROLES = {"interpreter": "guardian"}


def nothing(request: HttpRequest, **_: Any) -> None:
    """A URL that only has to exist."""


names = (
    "home child_sign_in account_login account_logout account_signup emergency_help inbox mailbox "
    "profile home_as appointments"
).split()
urlpatterns = [
    *(path(f"x/{name}/", nothing, name=name) for name in names if name != "home_as"),
    path("x/as/<str:role>/", nothing, name="home_as"),
    path("check/<str:pk>", nothing, name="session_check"),
    path("wait/<str:pk>", nothing, name="session_wait"),
    path("room/<str:pk>", nothing, name="session_room"),
    path("note/<str:pk>", nothing, name="note"),
]


def configure() -> None:
    if settings.configured:
        return
    settings.configure(
        ROOT_URLCONF=__name__,
        STATIC_URL="/static/",
        STATICFILES_DIRS=[ROOT / "static"],
        INSTALLED_APPS=["django.contrib.staticfiles"],
        SECRET_KEY="toy",
        USE_TZ=True,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOT / "templates"],
                "OPTIONS": {"builtins": ["core.templatetags.lantern"]},
            }
        ],
    )
    django.setup()


class ToyChecklist(forms.Form):
    identity_confirmed = forms.BooleanField(label="I know who is here")
    location = forms.CharField(label="Where is the child now?", help_text="The address for help")
    callback_number = forms.CharField(label="Number to call back")
    who_can_hear = forms.CharField(label="Who can hear?")


class ToyRoom:
    """One room in memory: places, a chat, and signals passed on."""

    def __init__(self) -> None:
        self.sockets: dict[str, Any] = {}
        self.places = {"therapist": "admitted"}
        self.messages: list[dict[str, Any]] = []
        self.checklist_done = True
        self.state = "live"
        self.stopped = False  # refuse sockets, as a server that is down

    def people(self) -> list[dict[str, Any]]:
        return [
            {
                "id": who,
                "name": PEOPLE[who],
                "part": ROLES.get(who, who),
                "place": place,
                "here": who in self.sockets,
            }
            for who, place in self.places.items()
        ]

    def view(self, who: str, kind: str) -> dict[str, Any]:
        return {
            "type": kind,
            "you": who,
            "place": self.places[who],
            "state": self.state,
            "paused": "therapist" not in self.sockets,
            "people": self.people(),
            "checklist_done": self.checklist_done,
            "started_at": (datetime.now(UTC) - timedelta(minutes=12)).isoformat(),
        }

    async def tell(self, who: str, message: dict[str, Any]) -> None:
        if who in self.sockets:
            await self.sockets[who]({"type": "websocket.send", "text": json.dumps(message)})

    async def tell_all(self) -> None:
        for who in list(self.sockets):
            await self.tell(who, self.view(who, "people"))

    async def hear(self, who: str, message: dict[str, Any]) -> None:
        kind = message.pop("type")
        if kind == "signal":
            await self.tell(message["to"], {"type": "signal", "from": who, "data": message["data"]})
        elif kind in {"admit", "send_back"}:
            place = "admitted" if kind == "admit" else "waiting"
            self.places[message["participant"]] = place
            await self.tell_all()
        elif kind == "admit_all":
            self.places = {one: "admitted" for one in self.places}
            await self.tell_all()
        elif kind == "ask_mute":
            await self.tell(message["participant"], {"type": "ask_mute"})
        elif kind == "end":
            self.state = "ended"
            await self.tell_all()
        elif kind == "chat.send":
            await self.write(who, message)
        elif kind == "chat.since":
            missed = [m for m in self.messages if m["seq"] > message["seq"]]
            await self.tell(who, {"type": "chat.many", "messages": missed})

    async def write(self, who: str, message: dict[str, Any]) -> None:
        known = next((m for m in self.messages if m["nonce"] == message["nonce"]), None)
        line = known or {
            "seq": len(self.messages) + 1,
            "nonce": message["nonce"],
            "sender": who,
            "name": PEOPLE[who],
            "text": message["text"],
            "at": datetime.now(UTC).isoformat(),
        }
        if not known:
            self.messages.append(line)
        for one, place in self.places.items():
            if place == "admitted":
                await self.tell(one, {"type": "chat", **line})


class ToyServer:
    def __init__(self) -> None:
        configure()
        self.room = ToyRoom()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self.socket(scope, receive, send)
        elif scope["type"] == "http":
            await self.serve(scope, send)

    async def socket(self, scope: Any, receive: Any, send: Any) -> None:
        who = scope["path"].rsplit("/", 1)[-1]
        await receive()
        if self.room.stopped:
            await send({"type": "websocket.close", "code": 1013})
            return
        await send({"type": "websocket.accept"})
        self.room.places.setdefault(who, "waiting")
        self.room.sockets[who] = send
        await self.room.tell(who, self.room.view(who, "welcome"))
        await self.room.tell_all()
        while (event := await receive())["type"] == "websocket.receive":
            await self.room.hear(who, json.loads(event["text"]))
        if self.room.sockets.get(who) is send:
            del self.room.sockets[who]
        await self.room.tell_all()

    async def serve(self, scope: Any, send: Any) -> None:
        where = scope["path"]
        status, kind, body = 200, "text/html", b""
        if where.startswith("/static/"):
            file = ROOT / where.lstrip("/")
            kind = mimetypes.guess_type(where)[0] or "application/octet-stream"
            body = file.read_bytes() if file.is_file() else b""
            status = 200 if body else 404
        else:
            query = parse_qs(scope["query_string"].decode())
            body = self.page(*where.strip("/").split("/"), theme=query.get("theme", ["light"])[0])
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def page(self, name: str, who: str, *, theme: str) -> bytes:
        from django.template.loader import render_to_string  # noqa: PLC0415

        part = ROLES.get(who, who)
        labels = {"therapist": "Therapist", "guardian": "Parent or carer", "child": "Child"}
        context = {
            "appointment": SimpleNamespace(pk=who),
            "me": SimpleNamespace(id=who, part=part, name=PEOPLE[who]),
            "people": [
                SimpleNamespace(id=one, name=PEOPLE[one], part_label=labels[one], picture="")
                for one in ("therapist", "guardian", "child")
                if one != who
            ],
            "socket_url": f"ws://localhost:{PORT[0]}/ws/{who}",
            "chat_url": "/chat/",
            "leave_url": "/x/home/",
            "checklist_url": "/checklist/",
            "checklist_form": ToyChecklist(),
            "checklist_done": self.room.checklist_done,
            "fresh_nonce": uuid4(),
            "chat_messages": [],
            "child_name": "Sam",
            "therapist_name": "Amara",
            "voice": "child" if part == "child" else "adult",
            "role": part,
            "theme": theme,
            "clinic_name": "Lantern Clinic",
            "clinic_phone": "020 7946 0000",
            "user": SimpleNamespace(is_authenticated=True, display_name=PEOPLE[who]),
            "ends_at": datetime.now(UTC) + timedelta(minutes=20),
        }
        return render_to_string(f"sessions_app/session_{name}.html", context).encode()


PORT = [8123]

if __name__ == "__main__":
    import uvicorn

    PORT[0] = int(sys.argv[1]) if len(sys.argv) > 1 else PORT[0]
    uvicorn.run(ToyServer(), host="127.0.0.1", port=PORT[0], lifespan="off")
