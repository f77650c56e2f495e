# The portal for production: one image for web, worker and clock. docker-compose.yml shows how they are started.

FROM python:3.13.14-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
WORKDIR /portal
COPY requirements/production.txt requirements/
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/production.txt
COPY . .
# Collecting static files starts Django as production does, so it needs values. These exist in this build step only.
RUN key() { python -c "import secrets; print(secrets.token_urlsafe(64))"; } \
    && SMT_ENV=production SECRET_KEY="$(key)" DECISION_LINK_KEY="$(key)" MFA_KEY="$(key)" STATIC_ROOT=/static \
       DATABASE_URL=postgres://build/build REDIS_URL=redis://build EMAIL_URL=smtp://build \
       PORTAL_ORIGIN=https://build.example \
       /venv/bin/python manage.py collectstatic --no-input \
    && SMT_ENV=test /venv/bin/python -m compileall -q -j 0 .

FROM python:3.13.14-slim
# /scratch: what is uploaded or unpacked, on a disk of its own and not in memory.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install --directory --owner portal --mode 700 /scratch
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /portal /portal
WORKDIR /portal
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SMT_ENV=production \
    STATIC_ROOT=/static \
    TMPDIR=/scratch
USER portal
EXPOSE 8000
CMD ["gunicorn", "--config", "python:smt_portal.web_server", "smt_portal.wsgi:application"]
