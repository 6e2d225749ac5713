"""Claiming what is due."""


def deliver_due() -> int:
    return 0
