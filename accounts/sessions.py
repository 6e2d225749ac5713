"""Sign-ins that end when nothing happens for as long as a role allows (`settings.IDLE_MINUTES`).

The row's `expire_date` is the idle time-out itself: Django, the sockets and the list of sign-ins
all refuse a row that is over, so there is one place where the limit is kept. Moving it updates that
one column: the rest of the row, which a slower request may be about to write, is left alone.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

# In the session's data
IDLE_SECONDS, BEGAN, RELATIONS, MOVED_TO = "idle_seconds", "began", "relations", "moved_to"
# Moved at most this often, so that a page costs no write.
STEP = timedelta(seconds=30)
# A page's other requests are under way with the old key while the first one changes it.
OVERLAP = timedelta(seconds=20)


class SessionStore(db.SessionStore):
    """Must keep this name: Django salts a session's data with it."""

    ends_at: datetime | None = None

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        self.ends_at = row.expire_date if row is not None else None
        return row

    def get_session_cookie_age(self) -> int:
        """Seconds until this sign-in ends if nothing more happens; visitors have Django's own."""
        if SESSION_KEY not in self:
            return settings.SESSION_COOKIE_AGE
        idle = int(self.get(IDLE_SECONDS) or min(settings.IDLE_MINUTES.values()) * 60)
        now = timezone.now().timestamp()
        longest = int(self.get(BEGAN, now)) + settings.SESSION_COOKIE_AGE - int(now)
        return max(0, min(idle, longest))

    @property
    def seconds_left(self) -> int:
        if self.ends_at is None:
            return self.get_session_cookie_age()
        return max(0, int((self.ends_at - timezone.now()).total_seconds()))

    def stay(self) -> None:
        """Something happened: the time counts from now again."""
        until = timezone.now() + timedelta(seconds=self.get_session_cookie_age())
        if self.session_key is None or self.ends_at is None or until - self.ends_at < STEP:
            return
        rows = self.model.objects.filter(session_key=self.session_key)
        if rows.filter(expire_date__gt=timezone.now()).update(expire_date=until):
            self.ends_at = until

    def move(self) -> str:
        """The same sign-in under a new key; answers the old one, which ends in a moment."""
        old, data = str(self.session_key), dict(self.items())
        self.create()
        self.update(data)
        self.save()
        self.ends_at = self.get_expiry_date()
        row = self.model(
            session_key=old,
            session_data=self.encode(data | {MOVED_TO: self.session_key}),
            expire_date=datetime.now(UTC) + OVERLAP,
        )
        row.save(force_update=True)
        return old
