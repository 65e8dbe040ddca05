"""Which of the packages' static files are published."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class PublishedStaticFiles(StaticFilesConfig):
    # Of the CSS framework one file is used; its others refer to images that we don't have.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "tabler-*", "tabler.css*", "tabler.rtl*"]
