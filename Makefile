# Everything a contributor runs. `make help` lists it.

SHELL   := /bin/bash
MODULES  = $(shell git ls-files --cached --others --exclude-standard 'go.mod' '*/go.mod' | xargs -n1 dirname)
BENCHED  = $(shell git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Benchmark' | xargs -n1 dirname | sort -u)
TOOL     = go tool -modfile=tools.mod
FUZZTIME ?= 30s
USERS    ?= 1000000

.PHONY: help run test check bench bench-peers bench-scale fuzz golden rename

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

run: ## serve the quickstart on http://localhost:8080 (SQLite, no setup)
	go run ./examples/quickstart

test: ## run everything; installs and starts what it needs
	scripts/test

check: ## the fast part of the tests: formatting, linters, module files, import directions
	@out=$$($(TOOL) gofumpt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	  [ -z "$$out" ] || { echo "not formatted (gofumpt -w):"; echo "$$out"; exit 1; }
	@staticcheck=$$($(TOOL) -n staticcheck) || exit 1; for dir in $(MODULES); do \
	  echo "check $$dir"; (cd $$dir && go vet ./... && $$staticcheck ./... && go mod tidy -diff) || exit 1; done
	go test ./internal/house

bench: ## run the benchmarks of every module, those of the stores on their servers
	@scripts/with-servers sh -c 'for dir in $(BENCHED); do (cd $$dir && go test -run "^#" -bench . -benchmem .) || exit 1; done'

bench-peers: ## compare the middleware with its peers and put it under load (half an hour; ARGS=-short for a try); needs wrk
	cd internal/bench && go build -o bench . && ../../scripts/with-servers ./bench $(ARGS)

bench-scale: ## ask for users among a million (an hour; USERS=10000,100000 for a try)
	GATEHOUSE_BENCH_USERS=$(USERS) scripts/with-servers go test -run '^#' -bench 'Scale|CreateMany|DeleteMany' -benchtime 200ms -timeout 4h ./user/sqlstore

fuzz: ## run every fuzz target for FUZZTIME (default 30s)
	@for dir in $$(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
	    echo "fuzz $$dir $$target"; (cd $$dir && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
	  done; done

golden: ## write the golden files again after a wanted change
	go test ./internal/apierr ./frontendapi ./backendapi ./cmd/gatehouse -update

rename: ## MODULE=example.com/name: change the module's path everywhere
	@[ -n "$(MODULE)" ] || { echo "usage: make rename MODULE=example.com/name"; exit 1; }
	@old=$$(head -1 go.mod | cut -d' ' -f2); \
	  git ls-files --cached --others --exclude-standard | xargs grep -lF "$$old" | xargs sed -i "s#$$old#$(MODULE)#g"; \
	  echo "$$old is now $(MODULE)"
