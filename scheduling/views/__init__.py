"""Doors, one module for each room."""
