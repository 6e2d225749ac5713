"""No door takes a file unless it says so itself: see accounts.uploads for one that does."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class NoFiles(FileUploadHandler):
    """The default: a form with a file is read up to the file and no further, nothing is kept."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        return None
