"""Device check, waiting room, room, and their forms for browsers whose sockets are blocked."""

import uuid
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.actions.reads import saw
from accounts.models import User
from core.errors import DomainError
from core.pages import INVALID, attempt
from scheduling.models import WhoJoins
from sessions_app.access import Seat, Verb, check_open, get_seat_for
from sessions_app.actions import chat, checklist, room
from sessions_app.errors import BadShape, Ended, RoomFull, TooLong
from sessions_app.forms import ChatForm, ChecklistForm, SinceForm
from sessions_app.models import Part, Participant, Place, Session
from sessions_app.selectors import as_events, chat_since, participants, place_of


def socket_url(seat: Seat, query: str = "") -> str:
    return f"{settings.SOCKET_ORIGIN}/ws/sessions/{seat.appointment.pk}/{query}"


def open_seat(request: HttpRequest, appointment_id: UUID) -> Seat | HttpResponse:
    """The seat, or a way back to the appointment with a sentence why not now."""
    seat = get_seat_for(cast("User", request.user), appointment_id)
    saw(seat.user, "room.view", seat.appointment.child)
    try:
        check_open(seat)
    except Ended:
        if seat.part == Part.THERAPIST:
            return redirect("note", appointment_id)
        return redirect("appointment", appointment_id)
    except DomainError as exc:
        messages.info(request, str(exc))
        return redirect("appointment", appointment_id)
    return seat


@login_required
@require_GET
def check(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    seat = open_seat(request, appointment_id)
    if isinstance(seat, HttpResponse):
        return seat
    context = {
        "appointment": seat.appointment,
        "socket_url": socket_url(seat, "?check=1"),
        "therapist_name": seat.appointment.therapist.user.display_name,
    }
    return render(request, "sessions_app/session_check.html", context)


@login_required
@require_GET
def wait(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Opening this page (or the room) takes a seat: the therapist sees who waits."""
    return _live(request, appointment_id, "sessions_app/session_wait.html")


@login_required
@require_GET
def enter_room(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    return _live(request, appointment_id, "sessions_app/session_room.html")


def _live(request: HttpRequest, appointment_id: UUID, template: str) -> HttpResponse:
    seat = open_seat(request, appointment_id)
    if isinstance(seat, HttpResponse):
        return seat
    try:
        me = _my_row(seat)
    except RoomFull as exc:
        messages.info(request, str(exc))
        return redirect("appointment", appointment_id)
    waiting_page = template.endswith("session_wait.html")
    inside = seat.part == Part.THERAPIST or me.place == Place.ADMITTED
    if inside and waiting_page:
        return redirect("session_room", appointment_id)
    if not inside and not waiting_page:
        return redirect("session_wait", appointment_id)
    response = render(request, template, live_context(seat, me))
    response["Cache-Control"] = "no-store"
    return response


def _my_row(seat: Seat) -> Participant:
    """One's row is made by the page already, so that a plain reload shows one's place."""
    person = place_of(seat)
    gone = person is None or person.place in {Place.LEFT, Place.REMOVED}
    if person is None or gone or room.is_away(person):
        person = room.arrive(actor=seat.user, appointment_id=seat.appointment.pk, connection="")
    room.waits_by_page(person=person)
    return person


def live_context(seat: Seat, me: Participant) -> dict[str, Any]:
    appointment = seat.appointment
    session = me.session
    everyone = participants(session.pk)
    lines = as_events(chat_since(session.pk, 0, me), everyone)
    context = {
        "appointment": appointment,
        "session": session,
        "me": SimpleNamespace(id=me.pk, part=me.part, name=seat.user.display_name),
        "people": _expected(seat),
        "socket_url": socket_url(seat),
        "chat_url": reverse("session_chat", args=[appointment.pk]),
        "leave_url": reverse("home"),
        "chat_messages": [line | {"mine": line["sender"] == str(me.pk)} for line in lines],
        "last_seq": lines[-1]["seq"] if lines else 0,
        "fresh_nonce": uuid.uuid4(),
        "child_name": appointment.child.user.display_name,
        "therapist_name": appointment.therapist.user.display_name,
        "ends_at": appointment.ends_at,
    }
    if seat.part == Part.THERAPIST:
        context |= checklist_context(seat, session, ChecklistForm())
    return context


def checklist_context(seat: Seat, session: Session, form: ChecklistForm) -> dict[str, Any]:
    row = getattr(session, "checklist", None)
    return {
        "checklist_form": form,
        "checklist_url": reverse("session_checklist", args=[seat.appointment.pk]),
        "checklist_done": bool(row and row.completed_at),
    }


def _expected(seat: Seat) -> list[SimpleNamespace]:
    """Who will come, for the waiting room: chosen names only."""
    appointment = seat.appointment
    everyone = [
        (appointment.therapist.user, Part.THERAPIST),
        (appointment.child.user, Part.CHILD),
    ]
    expected = [
        SimpleNamespace(id=user.pk, name=user.display_name, part_label=part.label)
        for user, part in everyone
        if user.pk != seat.user.pk
    ]
    if appointment.who_joins == WhoJoins.TWO_PLACES and seat.part != Part.GUARDIAN:
        # Not by name: which of two households comes is nobody's to tell.
        adult = SimpleNamespace(id="", name=_("A grown-up"), part_label=_("From another place"))
        expected.append(adult)
    return expected


@login_required
@require_POST
def save_checklist(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    seat = get_seat_for(user, appointment_id, Verb.RUN)
    saw(user, "checklist.view", seat.appointment.child)
    form = ChecklistForm(request.POST)
    saved = (
        form.is_valid()
        and attempt(
            form,
            lambda: checklist.save_checklist(
                actor=user, appointment_id=appointment_id, answers=form.cleaned_data
            ),
        )
        is not None
    )
    if saved and not request.headers.get("HX-Request"):
        return redirect("session_room", appointment_id)
    session = room.ensure_session(seat.appointment)
    context = checklist_context(seat, session, form)
    return render(
        request,
        "sessions_app/partials/_checklist.html",
        context,
        status=200 if saved else INVALID,
    )


@login_required
@require_http_methods(["GET", "POST"])
def session_chat(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """GET `?since=n` answers the lines after n as JSON; POST writes one."""
    user = cast("User", request.user)
    seat = get_seat_for(user, appointment_id)
    saw(user, "room.view", seat.appointment.child)
    check_open(seat)
    me = _my_row(seat)
    if request.method != "POST":
        form = SinceForm(request.GET)
        since = form.cleaned_data["since"] or 0 if form.is_valid() else 0
        rows = chat_since(me.session_id, since, me)
        return JsonResponse({"messages": as_events(rows, participants(me.session_id))})
    return _write(request, seat, me)


def _write(request: HttpRequest, seat: Seat, me: Participant) -> HttpResponse:
    wants_json = "application/json" in request.headers.get("Accept", "")
    form = ChatForm(request.POST)
    try:
        if not form.is_valid():
            raise TooLong if form.has_error("text", "max_length") else BadShape
        message = chat.write(
            actor=seat.user,
            appointment_id=seat.appointment.pk,
            nonce=form.cleaned_data["nonce"],
            text=form.cleaned_data["text"],
        )
    except DomainError as exc:
        if wants_json:
            return JsonResponse({"code": exc.code, "message": str(exc)}, status=exc.status)
        return _unsent(request, seat, exc)
    if wants_json:
        return JsonResponse(as_events([message], [me])[0])
    return redirect("session_room", seat.appointment.pk)


def _unsent(request: HttpRequest, seat: Seat, exc: DomainError) -> HttpResponse:
    """A plain form's line that could not go out: why, and the words back in their field."""
    messages.error(request, str(exc))
    me = _my_row(seat)
    if me.place != Place.ADMITTED:
        return redirect("session_wait", seat.appointment.pk)
    context = live_context(seat, me) | {"unsent": request.POST.get("text", "")}
    return render(request, "sessions_app/session_room.html", context, status=exc.status)
