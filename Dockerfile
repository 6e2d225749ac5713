# One image for web, sockets, worker and beat. Non-root, no compiler, nothing to write to.
FROM python:3.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=telehealth.settings.production \
    STATIC_ROOT=/app/static-built

WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY . .
# The values below only let settings load while static files are gathered; none is kept.
RUN DJANGO_SETTINGS_MODULE=telehealth.settings.base SECRET_KEY=build FIELD_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgres://build@db/build REDIS_URL=redis://redis/0 \
    PUBLIC_ORIGIN=https://build.invalid ALLOWED_HOSTS=build.invalid \
    python manage.py collectstatic --noinput \
    && useradd --system --uid 10001 --no-create-home lantern
USER 10001
EXPOSE 8000 8001
