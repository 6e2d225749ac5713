"""What this app holds about a child, and what of it each reader may have (SAFETY.md)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.consent_copy import copy_of
from accounts.models import (
    Assent,
    AssentAnswer,
    CareTeamMembership,
    Child,
    ConsentMatter,
    ConsentSignature,
    CourtOrder,
    CustodyDecision,
    FamilyInvitation,
    GuardianLink,
    Invitation,
)
from core.registry import (
    Category,
    Export,
    File,
    Holding,
    Part,
    Reader,
    Sheet,
    Table,
    register,
    set_aside,
)


def register_all() -> None:
    register(
        _held("child", Category.IDENTITY, _child, Table("accounts.Child", "pk")),
        _held("guardians", Category.CONSENT, _guardians, _of("GuardianLink")),
        _held("care_team", Category.CLINICAL, _care_team, _of("CareTeamMembership")),
        _held("consents", Category.CONSENT, _consents, _of("ConsentSignature")),
        _held("assents", Category.CONSENT, _assents, _of("Assent")),
        _held("matters", Category.CONSENT, _matters, _of("ConsentMatter"), _of("ComingOfAge")),
        _held("invitations", Category.CONTACT, None, _of("FamilyInvitation")),
        _held("custody", Category.CONSENT, _custody, _of("CustodyDecision"), _of("CourtOrder")),
        _held("break_glass", Category.CLINICAL, None, _of("BreakGlass")),
        # In no copy: whoever is given one may hand it on.
        _held("safety", Category.CLINICAL, None, _of("RiskFlag")),
        _held("sign_in", Category.CONTACT, None, *_sign_in_tables()),
        Holding(
            name="accounts.ways_in",
            category=Category.CONTACT,
            purge=_old_invitations,
            purged_as="used_ways_in",
        ),
    )
    set_aside(
        "Staff: who works here, where, and since when.",
        "accounts.StaffMembership",
        "accounts.Therapist",
        "accounts.Licence",
        "accounts.Invitation",
    )


def _of(model: str) -> Table:
    return Table(f"accounts.{model}", "child")


def _held(name: str, category: Category, export: Export | None, *tables: Table) -> Holding:
    held = Holding(name=f"accounts.{name}", category=category, tables=tables)
    return held if export is None else replace(held, export=export)


def _sign_in_tables() -> Iterable[Table]:
    """The printed cards, and allauth's own rows of the child's sign-in."""
    yield _of("SignInCard")
    yield Table("usersessions.UserSession", "user__child")
    yield Table("account.EmailConfirmation", "email_address__user__child")
    yield Table("account.EmailAddress", "user__child")
    if apps.is_installed("allauth.mfa"):
        yield Table("mfa.Authenticator", "user__child")


def _old_invitations(before: datetime) -> int:
    over = Q(used_at__lt=before) | Q(expires_at__lt=before)
    ways = Invitation.objects.filter(over).delete()[0]
    over |= Q(taken_back_at__lt=before)
    return ways + FamilyInvitation.objects.filter(over).delete()[0]


def _child(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """Where the child is stands in no guardian's copy: one that left it out for some would tell."""
    child = Child.objects.select_related("user").get(pk=child_id)
    row: dict[str, object] = {
        "name": child.user.display_name,
        "sign_in_name": child.user.username,
        "born": child.birth_date.isoformat(),
        "here_since": child.created_at,
    }
    if reader.part != Part.GUARDIAN:
        row |= {"place": child.place, "time_zone": child.user.time_zone}
    yield Sheet("about", _("About"), [row])


def _guardians(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """Everybody sees who belongs to the child; what another adult may do is theirs."""
    links = GuardianLink.objects.filter(child=child_id).select_related("guardian")
    if reader.part == Part.GUARDIAN:
        links = links.filter(Q(ended_at=None) | Q(guardian=reader.user_id))
    rows: list[dict[str, object]] = [
        {
            "name": link.guardian.display_name,
            "relation": link.get_relation_display(),
            "from": link.started_at,
            "until": link.ended_at,
            "may": _scopes(link) if _own_or_clinic(link.guardian_id, reader) else None,
        }
        for link in links.order_by("started_at")
    ]
    yield Sheet("guardians", _("Parents and carers"), rows)


def _scopes(link: GuardianLink) -> list[str]:
    return sorted(link.scopes)


def _own_or_clinic(person_id: UUID, reader: Reader) -> bool:
    return reader.part == Part.CARE_TEAM or person_id == reader.user_id


def _care_team(child_id: UUID, _reader: Reader) -> Iterable[Sheet]:
    team = CareTeamMembership.objects.filter(child=child_id).select_related("therapist__user")
    rows: list[dict[str, object]] = [
        {
            "name": member.therapist.user.display_name,
            "title": member.therapist.title,
            "from": member.started_at,
            "until": member.ended_at,
        }
        for member in team.order_by("started_at")
    ]
    yield Sheet("care_team", _("Care team"), rows)


def _custody(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """Who may decide is the family's to know, why the clinic set it so is not; of the papers each
    reader gets those they brought.
    """
    whole = reader.part == Part.CARE_TEAM
    decisions = CustodyDecision.objects.filter(child=child_id).select_related("child")
    rows: list[dict[str, object]] = [
        {
            "who_decides": row.get_custody_display(),
            "since": row.decided_at,
            "reason": row.reason if whole else None,
        }
        for row in decisions.order_by("decided_at")
    ]
    orders = CourtOrder.objects.filter(child=child_id).select_related("child")
    if not whole:
        orders = orders.filter(uploaded_by=reader.user_id)
    files = tuple(
        File(f"{order.valid_from:%Y-%m-%d}-{str(order.pk)[:8]}.{order.extension}", order.content)
        for order in orders.order_by("valid_from")
    )
    yield Sheet("custody", _("Who may decide"), rows, files)


def _consents(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """That somebody signed is everybody's to know; their words and evidence only their own."""
    signatures = (
        ConsentSignature.objects.filter(child=child_id)
        .select_related("document", "signer", "child", "withdrawn_by")
        .order_by("signed_at")
    )
    rows: list[dict[str, object]] = []
    files = []
    for signature in signatures:
        own = _own_or_clinic(signature.signer_id, reader)
        rows.append(_signed(signature, own=own))
        if own:
            about = f"{signature.document.kind}-{signature.document.version}"
            name = f"{about}-{signature.signed_at:%Y-%m-%d}-{str(signature.pk)[:8]}.pdf"
            files.append(File(name, copy_of(signature)))
    yield Sheet("consents", _("Agreements"), rows, tuple(files))


def _signed(signature: ConsentSignature, *, own: bool) -> dict[str, object]:
    return {
        "kind": signature.document.get_kind_display(),
        "version": signature.document.version,
        "signed_by": signature.signer.display_name,
        "relation": signature.get_relation_display(),
        "signed_at": signature.signed_at,
        "withdrawn_at": signature.withdrawn_at,
        "typed_name": signature.typed_name if own else None,
        "language": signature.language,
        "method": signature.method,
        "network": signature.ip_truncated if own else None,
        "text_sha256": signature.sha256,
    }


def _matters(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """A guardian's own words when they disagreed; all of it is for the care team."""
    whole = reader.part == Part.CARE_TEAM
    found = ConsentMatter.objects.filter(child=child_id).select_related("child")
    if not whole:
        found = found.filter(raised_by=reader.user_id)
    rows: list[dict[str, object]] = [
        {
            "what": matter.get_what_display(),
            "about": matter.get_kind_display(),
            "opened_at": matter.opened_at,
            "words": matter.words,
            "decision": matter.get_decision_display(),
            "decided_at": matter.decided_at,
            "reason": matter.reason if whole else None,
        }
        for matter in found.order_by("opened_at")
    ]
    yield Sheet("consent_matters", _("What was discussed about agreements"), rows)


def _assents(child_id: UUID, reader: Reader) -> Iterable[Sheet]:
    """The child's own words are between the child and the care team. For a guardian there is only
    "yes" and "not yet", as on the page: why not is no matter of theirs.
    """
    answers = (
        Assent.objects.filter(child=child_id)
        .select_related("document", "child", "replied_by")
        .order_by("answered_at")
    )
    if reader.part == Part.GUARDIAN:
        rows = [_plain_answer(answer) for answer in answers if answer.answer == AssentAnswer.YES]
    else:
        rows = [_whole_answer(answer) for answer in answers]
    yield Sheet("assents", _("The child’s own answers"), rows)


def _plain_answer(answer: Assent) -> dict[str, object]:
    return {
        "about": answer.document.get_kind_display(),
        "answer": answer.get_answer_display(),
        "answered_at": answer.answered_at,
    }


def _whole_answer(answer: Assent) -> dict[str, object]:
    return _plain_answer(answer) | {
        "question": answer.question,
        "reply": answer.reply,
        "replied_by": answer.replied_by.display_name if answer.replied_by else None,
    }
