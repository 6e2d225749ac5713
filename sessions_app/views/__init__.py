"""Doors to the live session and its notes."""
