"""Asks one page of this very container whether it answers: `python -m telehealth.probe URL`."""

import os
import sys
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener


def main(url: str) -> int:
    # What the proxy says of a visitor: without, the host is refused or we are sent to https.
    host = urlsplit(os.environ["PUBLIC_ORIGIN"]).netloc
    request = Request(url, headers={"Host": host, "X-Forwarded-Proto": "https"})  # noqa: S310
    # Never by an outgoing proxy of the clinic's: the address is always our own loopback.
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except (URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
