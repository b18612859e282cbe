# syntax=docker/dockerfile:1

# The packages that run in production, without development tools. None of them has an install script.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

# Node runs the TypeScript sources as they are: there is no build stage.
FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production \
    DATA_DIR=/var/lib/vestibule/data \
    KEYS_URL=file:/var/lib/vestibule/keys \
    SHUTDOWN_GRACE_SECONDS=5

COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY migrations ./migrations
COPY views ./views
COPY src ./src

# The one place it writes to, so that the root can be read-only; with DATABASE_URL and KEYS_URL=sql: not even this.
RUN install -d -o node -g node -m 0700 /var/lib/vestibule
VOLUME /var/lib/vestibule
USER node

# 4001, the admin listener, is on loopback unless ADMIN_HOST says otherwise.
EXPOSE 4000

HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Drains and exits 0. Give it longer than SHUTDOWN_GRACE_SECONDS and SHUTDOWN_DEADLINE_SECONDS before killing it.
STOPSIGNAL SIGTERM
# The flag bounds what short-lived objects may take: docs/how-to/deploy.md.
ENTRYPOINT ["node", "--max-semi-space-size=8", "bin/vestibule.js"]
CMD ["serve"]
