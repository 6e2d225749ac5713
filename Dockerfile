# Two images: `app` for web, sockets, worker and beat, and `proxy`. Non-root, nothing to write to.
FROM python:3.13-slim-bookworm AS app

ENV PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=telehealth.settings.production \
    STATIC_ROOT=/app/static-built

WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY . .
# The values below only let settings load while static files are gathered; none is kept, and
# production settings refuse each of them.
RUN DJANGO_SETTINGS_MODULE=telehealth.settings.base SECRET_KEY=build \
    FIELD_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgres://build@db/build REDIS_URL=redis://redis/0 \
    PUBLIC_ORIGIN=https://build.invalid ALLOWED_HOSTS=build.invalid \
    python manage.py collectstatic --noinput
RUN python -m compileall -q . && useradd --system --uid 10001 --no-create-home lantern
USER 10001:10001

FROM caddy:2 AS proxy
ENV XDG_DATA_HOME=/var/lib/caddy XDG_CONFIG_HOME=/tmp
COPY docker/Caddyfile /etc/caddy/Caddyfile
# The copy has no capability of its own: the kernel would refuse to run it where none is granted.
# A new volume takes over the owner of the folder it is laid on.
RUN cp /usr/bin/caddy /usr/bin/caddy-plain && mv /usr/bin/caddy-plain /usr/bin/caddy \
    && mkdir -p /var/lib/caddy && chown 10002:10002 /var/lib/caddy
USER 10002:10002
