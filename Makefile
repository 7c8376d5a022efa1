# Cartwright. `make` alone prints this help.
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
BIN := node_modules/.bin
NODE := $(BIN)/node
# The slowest first, so that the workers end together.
TESTS ?= 'scripts/**/*.test.ts' 'internal/proof/**/*.test.ts' 'internal/e2e/**/*.test.ts' 'internal/!(e2e|proof)/**/*.test.ts' 'cmd/**/*.test.ts'
RABBITMQ_TESTS ?= internal/testkit/servers/rabbitmq.int.test.ts 'internal/outbox/relay/*.int.test.ts' internal/e2e/survival.test.ts \
  scripts/up.int.test.ts scripts/topology.int.test.ts internal/platform/amqp/set-up-faults.int.test.ts
REDIS_TESTS ?= internal/testkit/servers/redis.int.test.ts 'internal/platform/redis/*.int.test.ts' 'internal/cart/**/*.redis.int.test.ts' \
  'internal/gateway/**/*.redis.int.test.ts' 'internal/outbox/**/*.redis.int.test.ts' 'internal/outbox/forwarder/*.int.test.ts'
SQLSERVER_TESTS ?= 'internal/outbox/**/*.int.test.ts' 'internal/orders/*.int.test.ts' internal/platform/sql/sqlserver.int.test.ts internal/testkit/servers/database.int.test.ts cmd/migrate/main.int.test.ts \
  internal/e2e/survival.test.ts 'internal/e2e/{checkout,orders}*.test.ts' internal/e2e/transition-crash.test.ts
# Three at a time on two cores: tests wait much of their time.
MOCHA := $(BIN)/mocha --parallel --jobs 3
IMAGE ?= cartwright:dev
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up topology down status logs demo token price stock dead replay test test-rabbitmq4 test-redis8 test-pgbouncer test-sqlserver test-alerts test-rolling test-jaeger charts kube-test image kind check race bench bench-quick bench-packages chaos soak mutants docs fmt clean install packages

help: ## this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

up: install ## start the platform: Redis, RabbitMQ, a database, every process (PORT=8080, DATABASE_URL=sqlserver://... AMQP_URL=amqp://...)
	@$(NODE) scripts/up.ts

topology: packages ## make exchanges and queues on a broker of yours: make topology AMQP_URL=amqp://user:password@host (MANAGEMENT_URL=http://host:15672)
	@$(NODE) scripts/topology.ts

down: packages ## stop exactly what make up started
	@$(NODE) scripts/down.ts

status: packages ## each process, its port, health and lag, and what the gateway stands on
	@$(NODE) scripts/status.ts

logs: packages ## follow the logs of every process
	@$(NODE) scripts/logs.ts

demo: packages ## a scripted shopper, and the events as they arrive
	@$(NODE) scripts/demo.ts

# USER is also who is logged in: only the one given to make counts.
token: export TOKEN_USER = $(if $(filter command line,$(origin USER)),$(USER))
token: packages ## a token for a named user: make token USER=alice
	@$(NODE) scripts/token.ts

price: packages ## change a product's price in the catalog of make up: make price PRODUCT=<id> AMOUNT=<minor units>
	@$(NODE) scripts/product.ts price

stock: packages ## change a product's stock there: make stock PRODUCT=<id> STOCK=<n>
	@$(NODE) scripts/product.ts stock

dead: packages ## list events that the broker would not take
	@$(NODE) scripts/outbox-admin.ts list

replay: packages ## make dead events pending again: make replay ID=<id> | ID=all
	@$(NODE) scripts/outbox-admin.ts replay

test: install ## all tests, on servers of their own
	@$(if $(filter file,$(origin TESTS)),scripts/install-chart-tools.sh || true)
	@$(if $(filter file,$(origin TESTS)),scripts/install-prometheus.sh || true)
	@$(MOCHA) $(TESTS)

test-rabbitmq4: install ## the publisher, the relay and survival on a real RabbitMQ 4, and the demo (Debian 13's, in a tree of its own)
	@scripts/install-debian13.sh
	@RABBITMQ=4 $(MOCHA) $(RABBITMQ_TESTS)

test-redis8: install ## every script and what else speaks to Redis, on a real Redis 8 (Debian 13's, in the same tree)
	@scripts/install-debian13.sh
	@REDIS=8 $(MOCHA) $(REDIS_TESTS)

test-pgbouncer: install ## the outbox in PostgreSQL behind a PgBouncer that knows prepared statements (Debian 13's, in the same tree)
	@scripts/install-debian13.sh
	@$(BIN)/mocha internal/outbox/store/store.postgres.int.test.ts

test-sqlserver: install ## the outbox, orders, migrate and survival on the server of SQLSERVER_URL, in databases of their own
	@if [ -z "$$SQLSERVER_URL" ]; then echo "  (SQLSERVER_URL is not set: nothing ran on SQL Server)"; \
	else DATABASE=sqlserver $(MOCHA) $(SQLSERVER_TESTS); fi

test-alerts: install ## which alerts a real Prometheus fires while the relay, the broker or the database is stopped (about 5 min)
	@scripts/install-prometheus.sh
	@$(BIN)/mocha internal/e2e/monitoring/outages.scenes.ts

test-rolling: install ## what shoppers lose while gateways and carts are restarted one by one, or killed, under load (2 min)
	@$(BIN)/mocha internal/e2e/rolling.scenes.ts

test-jaeger: install ## one trace sent to a real Jaeger and fetched back (Go builds it once)
	@scripts/install-jaeger.sh
	@$(BIN)/mocha internal/e2e/monitoring/jaeger.scenes.ts

charts: packages ## lint, render, validate and unit-test the Helm charts (helm, or Go to build it)
	@scripts/install-chart-tools.sh
	@$(BIN)/mocha 'internal/e2e/charts/*.test.ts'

kube-test: packages ## the chart on the cluster of KUBECONFIG, by Helm 3 and Helm 4 (IMAGE=cartwright:dev; from FORMER=<revision> FORMER_IMAGE=<its image>; RESTART_API_SERVER=<command>)
	@command -v kubectl >/dev/null || { echo "kubectl is missing"; exit 1; }
	@kubectl version >/dev/null || { echo "no cluster answers: set KUBECONFIG"; exit 1; }
	@IMAGE=$(IMAGE) $(BIN)/mocha internal/e2e/kube/release.scenes.ts internal/e2e/kube/operator.scenes.ts

image: ## build the image of all processes by docker (IMAGE=cartwright:dev)
	@docker build --build-arg REVISION=$$(git rev-parse HEAD) --tag $(IMAGE) .

kind: ## a cluster of kind on this machine, with Cartwright in it, reachable at port 8080
	@for tool in docker kind kubectl helm; do command -v $$tool >/dev/null || { echo "$$tool is missing"; exit 1; }; done
	@kind get clusters | grep -qx cartwright || kind create cluster --config k8s/kind.yaml
	@$(MAKE) image
	@kind load docker-image $(IMAGE) --name cartwright
	@kubectl --context kind-cartwright apply --server-side --force-conflicts -f charts/cartwright/charts/operator/crds
	@helm upgrade --install cartwright charts/cartwright --skip-crds --kube-context kind-cartwright --namespace cartwright --create-namespace \
	  --set database.kind=postgres --set-string image.repository=$(firstword $(subst :, ,$(IMAGE))),image.tag=$(lastword $(subst :, ,$(IMAGE))) --wait --timeout 10m
	@kubectl --context kind-cartwright --namespace cartwright port-forward service/cartwright-gateway 8080:80

check: packages ## format, lint, arrows, types
	@scripts/step.sh "format and lint" $(BIN)/biome check .
	@scripts/step.sh "arrows" $(BIN)/depcruise cmd internal scripts
	@scripts/step.sh "types" $(BIN)/tsc
	@scripts/step.sh "pages written by make docs" $(NODE) scripts/docs.ts --check
	@scripts/step.sh "comments of at most 110 columns" scripts/comment-width.sh
	@scripts/step.sh "arguments and results of SQL statements named" scripts/sql-headers.sh

race: install ## 1,000 times 100 concurrent adds of one product (RACES=1000)
	@RACES=$${RACES:-1000} $(BIN)/mocha internal/e2e/race.test.ts

bench: bench-packages ## every performance claim as a ratio to a baseline, about 20 min (ONLY=cart,relay; ONLY=peers: beside Vendure and Medusa)
	@$(NODE) internal/proof/bench/main.ts full

bench-quick: bench-packages ## the same with fewer and shorter runs, about 3 min
	@$(NODE) internal/proof/bench/main.ts quick

bench-packages: install internal/proof/bench/outbox-peers/node_modules/.installed
	@command -v wrk >/dev/null || scripts/install.sh wrk
	@[ -x /usr/sbin/nginx ] || scripts/install.sh nginx

internal/proof/bench/outbox-peers/node_modules/.installed: internal/proof/bench/outbox-peers/package-lock.json
	@scripts/step.sh "install the outbox's peers" npm ci --prefix internal/proof/bench/outbox-peers --no-fund --no-audit --loglevel=error
	@scripts/step.sh "types of the outbox's peers" $(BIN)/tsc -p internal/proof/bench/outbox-peers
	@touch $@

chaos: install ## random shoppers against random faults, judged by a checker of its own (SEED=1 MINUTES=5 SHOPPERS=24 SABOTAGE=drop DATABASE=sqlserver)
	@$(NODE) internal/proof/chaos/main.ts

soak: install ## steady load for a while; fails when memory, sockets, listeners or timers grow (MINUTES=10 RATE=150)
	@$(NODE) internal/proof/soak/main.ts

mutants: packages internal/proof/mutants/node_modules/.installed ## mutate cart and outbox; the score, and what no pure or unit test notices (ONLY='internal/cart/**/*.ts')
	@nice $(NODE) internal/proof/mutants/node_modules/@stryker-mutator/core/bin/stryker.js run internal/proof/mutants/stryker.config.js

internal/proof/mutants/node_modules/.installed: internal/proof/mutants/package-lock.json
	@scripts/step.sh "install the mutation runner" npm ci --prefix internal/proof/mutants --legacy-peer-deps --no-fund --no-audit --loglevel=error
	@touch $@

docs: packages ## write the tables of the configuration (cmd/README.md) and the page of all metrics
	@$(NODE) scripts/docs.ts

fmt: packages ## format the sources
	@$(BIN)/biome check --write .

clean: ## stop what runs; remove its data, its logs and the npm packages
	@if [ -f .run/state.json ]; then $(MAKE) -s packages && $(NODE) scripts/clean.ts; fi
	@rm -rf .run node_modules internal/proof/*/node_modules internal/proof/bench/outbox-peers/node_modules

install: packages
	@scripts/install.sh

packages: node_modules/.installed

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install node >= 20 and npm"; exit 1; }
	@scripts/step.sh "install npm packages and Node 24" npm ci --no-fund --no-audit --loglevel=error
	@$(NODE) -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a === 24 && b >= 18 ? 0 : 1)' || \
	  { echo "Node 24 was not installed by npm: are install scripts switched off (npm config get ignore-scripts)?"; exit 1; }
	@touch $@
