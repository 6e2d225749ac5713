"""Invite the first colleagues from the command line: prints a link that works once."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from accounts.actions import invite_staff
from accounts.models import Role
from core.actors import SystemActor


class Command(BaseCommand):
    help = "Print a single-use invitation link for a colleague (valid for seven days)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        _row, token = invite_staff(
            actor=SystemActor("invite_staff"), email=options["email"], role=Role(options["role"])
        )
        self.stdout.write(settings.PUBLIC_ORIGIN + reverse("invitation", args=[token]))
