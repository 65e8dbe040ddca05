"""Hubadmin's settings with the map of bench/orm_view.py."""

from hubadmin.settings import *  # noqa: F403

ROOT_URLCONF = "bench.orm_view"
