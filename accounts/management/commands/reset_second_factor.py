"""For a colleague who lost the phone, the key and the recovery codes.

From the command line of the clinic's server only: somebody who could do it on a page could take
over a colleague's sign-in with nothing but a stolen password of their own.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import actions
from accounts.models import User
from core.actors import SystemActor


class Command(BaseCommand):
    help = "Remove somebody's second factor; the next sign-in sets up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("Nobody here has that address.")
        removed = actions.reset_second_factor(actor=SystemActor("command line"), user=user)
        self.stdout.write(f"{removed} removed. Every sign-in of this person has ended.")
