# One image for every process: `docker run IMAGE cart`. Production
# dependencies alone, no npm, no shell script of ours.
ARG NODE_IMAGE=docker.io/library/node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cartwright" \
      org.opencontainers.image.description="A shopping-cart platform for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
 && node -e 'const [a, b, c] = process.versions.node.split(".").map(Number); process.exit(a === 24 && (b > 18 || (b === 18 && c >= 1)) ? 0 : 1)'
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY cmd cmd
COPY internal/platform internal/platform
COPY internal/cart internal/cart
COPY internal/catalog internal/catalog
COPY internal/gateway internal/gateway
COPY internal/operator internal/operator
COPY internal/outbox internal/outbox
USER 10001:10001
ENTRYPOINT ["node", "cmd/run.ts"]
