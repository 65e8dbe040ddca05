"""The site with a pull log that forgets everything, to compare with."""

from hubadmin.wsgi import application
from registries import pull_log

pull_log.log.add = lambda pulls: None  # type: ignore[method-assign]  # that is the comparison

__all__ = ["application"]
