"""Every write of this app, by topic."""

from records.actions.anchoring import anchor_trail
from records.actions.copies import ask_copy, build_waiting, expire_copies, look_at_copy, take_copy
from records.actions.erasing import (
    approve_erasure,
    ask_erasure,
    carry_out_confirmed,
    confirm_erasure,
    decline_erasure,
)
from records.actions.holds import end_hold, place_hold
from records.actions.purging import purge

__all__ = [
    "anchor_trail",
    "approve_erasure",
    "ask_copy",
    "ask_erasure",
    "build_waiting",
    "carry_out_confirmed",
    "confirm_erasure",
    "decline_erasure",
    "end_hold",
    "expire_copies",
    "look_at_copy",
    "place_hold",
    "purge",
    "take_copy",
]
