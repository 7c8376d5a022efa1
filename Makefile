# Cartwright. `make` alone prints this help.
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
BIN := node_modules/.bin
NODE := $(BIN)/node
TESTS ?= 'internal/**/*.test.ts' 'cmd/**/*.test.ts' 'scripts/**/*.test.ts'
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up down status logs demo token dead replay test check race fmt clean install packages

help: ## this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

up: install ## start the platform: Redis, RabbitMQ, a database, every process (PORT=8080, DATABASE_URL=sqlserver://...)
	@$(NODE) scripts/up.ts

down: packages ## stop exactly what make up started
	@$(NODE) scripts/down.ts

status: packages ## each process, its port, health and lag
	@$(NODE) scripts/status.ts

logs: ## follow the logs of every process
	@ls .run/logs/*.log >/dev/null 2>&1 || { echo "No logs yet; start it with: make up"; exit 1; }
	@tail -n 20 -F .run/logs/*.log

demo: packages ## a scripted shopper, and the events as they arrive
	@$(NODE) scripts/demo.ts

token: packages ## a token for a named user: make token USER=alice
	@$(NODE) scripts/token.ts '$(if $(filter command line,$(origin USER)),$(USER))'

dead: packages ## list events that the broker would not take
	@$(NODE) scripts/outbox-admin.ts list

replay: packages ## make dead events pending again: make replay ID=<id> | ID=all
	@$(NODE) scripts/outbox-admin.ts replay $(ID)

test: install ## all tests, on servers of their own
	@$(BIN)/mocha $(TESTS)

check: packages ## format, lint, arrows, types
	@$(BIN)/biome check . && $(BIN)/depcruise cmd internal scripts && $(BIN)/tsc && echo "check: ok"

race: install ## 1,000 times 100 concurrent adds of one product (RACES=1000)
	@RACES=$${RACES:-1000} $(BIN)/mocha internal/e2e/race.test.ts

fmt: packages ## format the sources
	@$(BIN)/biome check --write .

clean: ## remove what was built and, when nothing runs, .run
	@if [ -f .run/state.json ]; then $(MAKE) down; fi
	@rm -rf .run node_modules

install: packages
	@scripts/install.sh

packages: node_modules/.installed

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install node >= 20 and npm"; exit 1; }
	@echo "  … installing npm packages and Node 24"
	@npm ci --no-fund --no-audit --loglevel=error
	@$(NODE) -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a !== 24 || b < 12) { console.error("Node 24 was not installed; found " + process.version); process.exit(1) }'
	@touch $@
