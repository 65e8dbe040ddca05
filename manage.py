#!/usr/bin/env python
"""Every operation an administrator needs beyond the pages: `manage.py help` lists them."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from environs import EnvError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubadmin.settings")
    try:
        settings.SECRET_KEY  # noqa: B018  # reads the settings, before any command needs them
    except (EnvError, ImproperlyConfigured) as error:
        sentence = str(error).rstrip(".")
        sys.exit(f"{sentence}. docs/administrators/settings.md lists the environment variables.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
