"""A therapist's notes: list, draft, sign, add."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import has_role
from accounts.actions.reads import saw
from accounts.models import Role, User
from core.errors import DomainError, NotVisible
from core.pages import INVALID, attempt
from sessions_app.access import Seat, Verb, get_seat_for
from sessions_app.actions import notes, outcome
from sessions_app.errors import NotBegun, NoteChanged, NoteEmpty, NoteLocked
from sessions_app.forms import SECTIONS, AddendumForm, FormatForm, NoteForm, OutcomeForm
from sessions_app.models import NoteFormat, SessionNote
from sessions_app.selectors import note_of, unsigned_notes


@login_required
@require_GET
def unsigned(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if not has_role(user, Role.THERAPIST):
        raise NotVisible
    waiting = list(unsigned_notes(user)[:100])
    saw(user, "list.view", [appointment.child for appointment in waiting])
    return render(request, "sessions_app/notes.html", {"waiting": waiting})


def _format(request: HttpRequest, note: SessionNote | None) -> str:
    asked = request.GET.get("format", "")
    if note is not None and (note.signed_at or any(note.sections.values())):
        return note.format
    return asked if asked in NoteFormat.values else (note.format if note else NoteFormat.SOAP)


@login_required
@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The draft (saved by itself and by the button), or the signed note with its additions."""
    user = cast("User", request.user)
    seat = get_seat_for(user, appointment_id, Verb.RUN)
    found = note_of(seat)
    if found is not None and found.signed_at is not None:
        locked = request.method == "POST"
        return _locked(request, seat, found) if locked else _signed_page(request, seat, found)
    note_format = _format(request, found)
    if request.method == "POST":
        return _save(request, seat, note_format)
    version = found.revision if found else 0
    initial = {"version": version, **(found.sections if found else {})}
    saw(user, "note.view", seat.appointment.child, obj=seat.appointment)
    return _draft_page(request, seat, NoteForm(note_format, initial=initial))


def _draft_page(
    request: HttpRequest, seat: Seat, form: NoteForm, *, theirs: SessionNote | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "appointment": seat.appointment,
        "form": form,
        "format_form": FormatForm(initial={"format": form.note_format}),
        "outcome_form": OutcomeForm(initial={"outcome": seat.appointment.outcome}),
        "theirs": _read(theirs) if theirs else [],
    }
    return render(
        request, "sessions_app/note.html", context, status=INVALID if form.is_bound else 200
    )


def _read(found: SessionNote) -> list[tuple[Any, str]]:
    return [(label, found.sections.get(name, "")) for name, label in SECTIONS[found.format]]


def _save(request: HttpRequest, seat: Seat, note_format: str) -> HttpResponse:
    user = cast("User", request.user)
    note_format = request.POST.get("format", note_format)
    if note_format not in NoteFormat.values:
        note_format = NoteFormat.SOAP
    form = NoteForm(note_format, request.POST)
    autosave = request.headers.get("X-Autosave") == "1"
    if not form.is_valid():
        return HttpResponse(status=INVALID) if autosave else _draft_page(request, seat, form)
    try:
        if "sign" in request.POST and not any(text.strip() for text in form.sections.values()):
            # Before it is saved: a draft of nothing would make this very form a stale one.
            raise NoteEmpty
        saved = notes.save_note(
            actor=user,
            appointment_id=seat.appointment.pk,
            note_format=NoteFormat(note_format),
            sections=form.sections,
            version=form.cleaned_data["version"],
        )
        if autosave:
            return JsonResponse({"version": saved.revision})
        if "sign" in request.POST:
            notes.sign_note(actor=user, appointment_id=seat.appointment.pk, version=saved.revision)
            messages.success(request, _("Signed. The note is locked now."))
            return redirect("note", seat.appointment.pk)
    except DomainError as exc:
        if autosave:
            return JsonResponse({"code": exc.code, "message": str(exc)}, status=exc.status)
        return _refused(request, seat, form, exc)
    messages.success(request, _("Saved."))
    return redirect("note", seat.appointment.pk)


def _refused(request: HttpRequest, seat: Seat, form: NoteForm, exc: DomainError) -> HttpResponse:
    """What was typed stays in the form; for a stale tab the stored text is shown beside it."""
    form.add_error(None, str(exc))
    theirs = note_of(seat) if isinstance(exc, NoteChanged) else None
    if theirs is not None:
        # Saving again, after looking, is a decision: the form now starts from the newest version.
        data = cast("QueryDict", form.data).copy()
        data["version"] = str(theirs.revision)
        form.data = data
    return _draft_page(request, seat, form, theirs=theirs)


def _signed_page(
    request: HttpRequest, seat: Seat, found: SessionNote, form: AddendumForm | None = None
) -> HttpResponse:
    user = cast("User", request.user)
    saw(user, "note.view", seat.appointment.child, obj=found)
    context = {
        "appointment": seat.appointment,
        "note": found,
        "sections": _read(found),
        "addenda": found.addenda.select_related("author"),
        "form": form or AddendumForm(),
    }
    bound = form is not None
    return render(
        request, "sessions_app/note_signed.html", context, status=INVALID if bound else 200
    )


def _locked(request: HttpRequest, seat: Seat, found: SessionNote) -> HttpResponse:
    """A tab from before the signing: nothing of it is saved, so its words are offered as an
    addition. The button pressed twice is no such tab.
    """
    refusal = NoteLocked()
    if request.headers.get("X-Autosave") == "1":
        answer = {"code": refusal.code, "message": str(refusal)}
        return JsonResponse(answer, status=refusal.status)
    typed = {name: request.POST.get(name, "").strip() for name, _label in SECTIONS[found.format]}
    new = [text for name, text in typed.items() if text != found.sections.get(name, "").strip()]
    if not any(new):
        return redirect("note", seat.appointment.pk)
    form = AddendumForm({"reason": "", "body": "\n\n".join(filter(None, new))})
    form.errors.clear()
    form.add_error(None, str(refusal))
    return _signed_page(request, seat, found, form)


@login_required
@require_POST
def addendum(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    seat = get_seat_for(user, appointment_id, Verb.RUN)
    form = AddendumForm(request.POST)
    if (
        form.is_valid()
        and attempt(
            form,
            lambda: notes.add_addendum(
                actor=user, appointment_id=appointment_id, **form.cleaned_data
            ),
        )
        is not None
    ):
        messages.success(request, _("Added, with today’s date and your name."))
        return redirect("note", appointment_id)
    found = note_of(seat)
    if found is None:
        return redirect("note", appointment_id)
    return _signed_page(request, seat, found, form)


@login_required
@require_POST
def set_outcome(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    user = cast("User", request.user)
    get_seat_for(user, appointment_id, Verb.RUN)
    form = OutcomeForm(request.POST)
    if form.is_valid():
        try:
            outcome.set_outcome(actor=user, appointment_id=appointment_id, **form.cleaned_data)
        except NotBegun as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, _("Saved."))
    return redirect("note", appointment_id)
