"""Stand-in until the launcher is here."""


def load_embedded_environment() -> None:
    """Nothing to load yet."""
