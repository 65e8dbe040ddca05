"""The engine of background work: `celery -A hubadmin worker` and `celery -A hubadmin beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubadmin.settings")

app = Celery("hubadmin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
