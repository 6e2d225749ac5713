"""What people are told about copies, erasure and nights. No name, no health word."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.audit.models import AuditAnchor
from core.notifications.kinds import Kind, Message, register
from core.notifications.models import Notification
from records.models import CopyState, Erasure, ErasureState, NightlyReport, RecordCopy
from records.words import COUNTED


def register_kinds() -> None:
    register(Kind(code="copy.ready", render=_copy_ready, still_valid=_still_there))
    register(Kind(code="erasure.asked", render=_erasure_asked, still_valid=_still_asked))
    register(Kind(code="erasure.news", render=_erasure_news))
    register(Kind(code="audit.anchor", render=_anchor))
    register(Kind(code="purge.report", render=_report))


def _still_there(row: Notification) -> bool:
    return RecordCopy.objects.filter(
        pk=row.subject_id, state=CopyState.READY, expires_at__gt=timezone.now()
    ).exists()


def _copy_ready(row: Notification) -> Message:
    return Message(
        title=_("What you asked for is ready"),
        body=_("You can fetch it once, in the next three days, while you are signed in."),
        action_path=reverse("copy_take", args=[row.subject_id]),
        action_label=_("Fetch it"),
    )


def _still_asked(row: Notification) -> bool:
    return Erasure.objects.filter(pk=row.subject_id, state=ErasureState.ASKED).exists()


def _erasure_asked(row: Notification) -> Message:
    return Message(
        title=_("Somebody asks for erasure"),
        body=_("Please look at what would go and what must stay, and decide."),
        action_path=reverse("erasure", args=[row.subject_id]),
        action_label=_("Look at it"),
    )


def _erasure_news(row: Notification) -> Message:
    state = Erasure.objects.get(pk=row.subject_id).state
    told = {
        ErasureState.DONE: _("It is erased, all of it. Nobody can bring it back."),
        ErasureState.PARTLY: _(
            "It is erased, but for what the law asks us to keep. That is locked away, and erased"
            " when its time is over."
        ),
    }
    otherwise = _("We could not do what you asked. Please call us: we explain why.")
    return Message(title=_("News about what you asked for"), body=told.get(state, otherwise))  # type: ignore[call-overload]


def _anchor(row: Notification) -> Message:
    anchor = AuditAnchor.objects.get(pk=row.subject_id)
    words = {"day": anchor.day.isoformat(), "head": str(anchor), "broken": anchor.broken}
    if anchor.broken:
        title = _("The audit trail does not fit together")
        body = _(
            "Checked on %(day)s. It breaks at %(broken)s.\n\nSound until then: %(head)s\n\n"
            "Please tell whoever runs your servers at once, and keep this message."
        )
    else:
        title = _("The audit trail, sealed for the day")
        body = _(
            "Checked on %(day)s, and every row fits.\n\n%(head)s\n\nPlease keep this message: with"
            " it anybody can show later that nothing was changed."
            " (manage.py audit_verify --anchor)"
        )
    copy = settings.AUDIT_ANCHOR_EMAIL
    return Message(title=title, body=body % words, copy_to=(copy,) if copy else ())


def _report(row: Notification) -> Message:
    report = NightlyReport.objects.get(pk=row.subject_id)
    lines = [f"{COUNTED.get(name, name)}: {count}" for name, count in sorted(report.counts.items())]
    return Message(
        title=_("Last night’s tidying"),
        body="\n\n".join([report.day.isoformat(), *lines]),
    )
