"""Hashed addresses of static files, each looked up once per process."""

from typing import Any

from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)


class OnceStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """The manifest is read at the start and never changes while a server runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls: dict[str, str] = {}

    def url(self, name: str, force: bool = False) -> str:  # noqa: FBT001, FBT002  (Django's own)
        if force or name not in self._urls:
            self._urls[name] = super().url(name, force)
        return self._urls[name]
