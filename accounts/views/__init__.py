"""Doors to people and consent, one file a story."""
