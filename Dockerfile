# One image for recorder, worker, release worker and API; docker-compose.yml gives each its own command.

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build
# The example rules, with the people as Dex names them.
RUN node deploy/make-governance.js examples/governance deploy/dex/config.yaml governance-for-dex

FROM node:20.20.2-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:20.20.2-bookworm-slim
ARG COUNTERSIGN_UID=1000
ARG COUNTERSIGN_GID=1000
ENV NODE_ENV=production
WORKDIR /app

COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY bin ./bin
COPY deploy/healthcheck.js ./deploy/healthcheck.js
COPY examples/evaluation-sets ./evaluation-sets
COPY --from=build /app/governance-for-dex ./governance

# A named volume takes its owner from the folder that it is first laid over, and secrets are laid into these.
RUN install -d -m 700 -o "$COUNTERSIGN_UID" -g "$COUNTERSIGN_GID" \
    /var/lib/countersign /var/lib/countersign/keys /var/lib/countersign/tokens \
    /var/lib/countersign/evidence /var/lib/countersign/tmp

# Large models are laid out below TMPDIR, so it lies in the volume and not in memory.
ENV COUNTERSIGN_HOME=/var/lib/countersign \
    COUNTERSIGN_GOVERNANCE=/app/governance \
    COUNTERSIGN_EVALUATION_SETS=/app/evaluation-sets \
    TMPDIR=/var/lib/countersign/tmp

USER ${COUNTERSIGN_UID}:${COUNTERSIGN_GID}
EXPOSE 8411

# Of the API, which is what runs where no other command is given.
HEALTHCHECK --interval=10s --timeout=8s --start-period=60s --retries=6 \
  CMD ["node", "deploy/healthcheck.js", "http", "http://127.0.0.1:8411/healthz"]

CMD ["node", "dist/src/main/api.js"]
