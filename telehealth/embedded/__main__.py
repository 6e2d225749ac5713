"""`python -m telehealth.embedded up | down | status | exec -- COMMAND`."""

import sys

from telehealth.embedded import postgres, servers, turn, valkey
from telehealth.embedded.environment import Sentence, explain


def main(arguments: list[str]) -> int:
    verb, rest = (arguments or ["help"])[0], arguments[1:]
    if verb == "up":
        servers.up()
        for key, value in servers.urls().items():
            print(f"{key}={value}")
        return 0
    if verb == "down":
        turn.stop()
        servers.down()
        return 0
    if verb == "status":
        print(f"postgres {postgres.pid() or 'stopped'}\nvalkey {valkey.pid() or 'stopped'}")
        return 0
    if verb == "exec" and rest[:1] == ["--"] and len(rest) > 1:
        return servers.run_beside(rest[1:])
    raise Sentence("Use: python -m telehealth.embedded up | down | status | exec -- COMMAND")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as exc:
        raise explain(exc, "That did not work") from None
