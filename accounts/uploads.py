"""A file refused before it is read whole: by its announced size, then by its first bytes."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from accounts.actions.custody import MOST_BYTES, kind_of
from accounts.errors import FileKindUnknown, FileTooLarge
from core.errors import DomainError

# The other fields of the form and the lines between the parts.
ROOM_FOR_FIELDS = 16 * 1024
LONGEST_SIGN = 8


class OneSmallFile(FileUploadHandler):
    """Keeps at most one file of a known kind, in memory; nothing is ever written to a disk.

    `refusal` says why reading was stopped.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.refusal: DomainError | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        self._parts.append(raw_data)
        self._size += len(raw_data)
        if self._size > MOST_BYTES:
            self._stop(FileTooLarge())
        if len(self._parts) == 1 and len(raw_data) >= LONGEST_SIGN and kind_of(raw_data) is None:
            self._stop(FileKindUnknown())

    def _stop(self, refusal: DomainError) -> None:
        self.refusal, self._parts = refusal, []
        raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:  # noqa: ARG002
        content, self._parts = b"".join(self._parts), []
        return SimpleUploadedFile("order", content)


def take_one_file(request: HttpRequest) -> OneSmallFile:
    """To be called before anything reads the form: the view is csrf_exempt until then.

    FileTooLarge by the announced length alone, of which not one byte has been read.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MOST_BYTES + ROOM_FOR_FIELDS:
        raise FileTooLarge
    handler = OneSmallFile(request)
    request.upload_handlers = [handler]
    return handler
