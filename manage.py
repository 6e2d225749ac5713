#!/usr/bin/env python
"""Django's command line. Settings default to the demo clinic; production names its own."""

import os
import sys

from django.core.management import execute_from_command_line

from core.rls import steady

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings.demo")
    with steady("manage.py"):
        execute_from_command_line(sys.argv)
