# One image for every process: `docker run IMAGE cart`. Production dependencies
# alone, no package manager, no shell script; nothing in it is writable for its user.
ARG NODE_IMAGE=docker.io/library/node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force \
 && find node_modules -name '*.sh' -delete

FROM ${NODE_IMAGE}
RUN rm -rf /usr/local/lib/node_modules /opt/yarn* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /usr/local/bin/docker-entrypoint.sh \
 && node -e 'const [a, b, c] = process.versions.node.split(".").map(Number); process.exit(a === 24 && (b > 18 || (b === 18 && c >= 1)) ? 0 : 1)'
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
# Readable for the image's user, whatever umask the checkout was made with.
COPY --chmod=0755 package.json ./
COPY --chmod=0755 cmd cmd
COPY --chmod=0755 internal internal
ARG VERSION=0.1.0
ARG REVISION=unknown
# Where the source of this image is: whoever builds another names theirs.
ARG SOURCE=https://cartwright.dev
LABEL org.opencontainers.image.title="cartwright" \
      org.opencontainers.image.description="A shopping-cart platform for Kubernetes" \
      org.opencontainers.image.url="https://cartwright.dev" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
ENTRYPOINT ["node", "cmd/run.ts"]
