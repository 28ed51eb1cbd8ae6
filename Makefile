# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help demo test lint bench build install uninstall

help:
	@echo 'make demo       show a stampede of 200 clients, and what becomes of them'
	@echo 'make test       get what is needed, check formatting and lints, run every test'
	@echo 'make lint       formatting and lints alone'
	@echo 'make bench      compare with the reference daemon (as root; about ten minutes; BENCH="--quick" for a first look)'
	@echo 'make build      build the daemon'
	@echo 'make install    install the daemon below PREFIX (default /usr/local), honouring DESTDIR'
	@echo 'make uninstall  remove it again'

build:
	$(CARGO) build --release --locked -p poolcounterd

demo:
	@scripts/setup demo
	$(CARGO) build --release --locked -p poolcounterd --example stampede
	$(CARGO) build --release --locked -p poolcounterd
	@$(TARGET)/release/examples/stampede $(TARGET)/release/poolcounterd

test:
	@scripts/test

lint:
	@scripts/lint

bench:
	@scripts/setup bench
	$(CARGO) run --release --locked -p poolcounter-bench -- $(BENCH)

install:
	@test -x $(TARGET)/release/poolcounterd || { echo "run 'make build' first" >&2; exit 1; }
	install -D -m 0755 $(TARGET)/release/poolcounterd $(DESTDIR)$(PREFIX)/bin/poolcounterd

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/poolcounterd
