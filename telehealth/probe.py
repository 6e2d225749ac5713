"""Asks one address of this very container whether it answers: `python -m telehealth.probe URL`."""

import sys
from urllib.error import URLError
from urllib.request import Request, urlopen


def main(url: str) -> int:
    # The proxy's header keeps the redirect to https away; the address is always our own loopback.
    request = Request(url, headers={"X-Forwarded-Proto": "https"})  # noqa: S310
    try:
        with urlopen(request, timeout=4) as answer:  # noqa: S310
            return 0 if answer.status == 200 else 1
    except (URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
