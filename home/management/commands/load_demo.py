from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from home.demo import Hosts, load_demo
from home.demo_pulls import load_demo_pulls
from orgs.commands import OperationCommand


class Command(OperationCommand):
    help = "Load the made-up people of the demo once, and write their secrets to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        hosts = Hosts()
        parser.add_argument("--env-file", type=Path, required=True)
        parser.add_argument("--acme-registry-host", default=hosts.acme)
        parser.add_argument("--site-registry-host", default=hosts.site)

        parser.add_argument("--with-pulls", action="store_true", help="also a month of pulls")

    def handle(self, *args: Any, **options: Any) -> None:
        hosts = Hosts(options["acme_registry_host"], options["site_registry_host"])
        load_demo(options["env_file"], settings.SITE_URL, hosts)
        if options["with_pulls"]:
            load_demo_pulls(timezone.now())
