# The main commands are `make demo`, `make lab` and `make test`; `make help` lists all.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
DESTDIR ?=
CARGO ?= packaging/cargo
# Empty: installs programs and libraries with their debug information.
STRIPPED ?= -s
PHP_CONFIG ?= php-config
LAB_PORT ?= 8075
TARGET := $(or $(CARGO_TARGET_DIR),target)
DAEMON ?= $(TARGET)/release/poolcounterd
CTL ?= $(TARGET)/release/poolcounterctl
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
# The dynamic linker finds a library by the number of its ABI. The file name also has the version, so several versions may be installed.
SONAME := libpoolcounter.so.$(shell cat c-api/abi/number)

.PHONY: help demo lab test test-zts test-packages packages lint fuzz bench faults build build-php install install-service install-php uninstall uninstall-php

help:
	@echo 'make demo         show a stampede on a real MediaWiki, with and without a pool counter (KEEP=1 leaves the wiki up)'
	@echo 'make lab          show what settings do to a wiki, in the browser (LAB_PORT=8075)'
	@echo 'make test         install what is needed, check formatting and lints, run every test'
	@echo 'make test-zts     test the PHP extension with a PHP with threads (ZTS), which is built from source once'
	@echo 'make packages     build all packages into dist/, for amd64 and arm64'
	@echo 'make test-packages  install and test all packages; takes hours'
	@echo 'make lint         check formatting and lints only'
	@echo 'make fuzz         fuzz all code that reads bytes from outside (FUZZ_SECONDS=60 for each target)'
	@echo "make bench        compare with the reference daemon, and with clients written by hand; measure an upgrade (a quarter of an hour; BENCH=--quick is quicker)"
	@echo "make faults       measure the cost of a broken server or network, also with MediaWiki's own client (two minutes)"
	@echo 'make build        build the daemon, poolcounterctl and the C library'
	@echo 'make build-php    build the PHP extension'
	@echo 'make install      install all three below PREFIX (default /usr/local), with manuals, completions and units for systemd; honours DESTDIR'
	@echo 'make install-service  install only the daemon and poolcounterctl, with manuals, completions and units'
	@echo 'make install-php  install the PHP extension where php-config says'
	@echo 'make uninstall    remove all three; uninstall-php removes the PHP extension'

build:
	$(CARGO) build --release --locked -p poolcounterd
	$(CARGO) build --release --locked -p poolcounterctl
	$(CARGO) build --release --locked -p poolcounter_c

demo:
	@scripts/setup demo
	$(CARGO) build --release --locked -p poolcounterd -p poolcounter_php
	@tests/wiki/demo

lab:
	@wasm/lab/build
	@exec node wasm/lab/serve.mjs build/lab $(LAB_PORT)

test:
	@scripts/test

test-zts:
	@php-ext/tests/zts

packages:
	@packaging/build $(KINDS)

test-packages:
	@packaging/test all

lint:
	@scripts/lint

fuzz:
	@fuzz/run

bench:
	@scripts/setup bench
	$(CARGO) run --release --locked -p poolcounter-bench -- $(BENCH)
	$(CARGO) run --release --locked -p poolcounter-bench -- admin $(filter --quick --self,$(BENCH))
	$(CARGO) run --release --locked -p poolcounter-bench -- php $(filter --quick --self,$(BENCH))
	@scripts/build-wasm client
	$(CARGO) run --release --locked -p poolcounter-bench -- clients $(filter --quick --self,$(BENCH))
	$(CARGO) run --release --locked -p poolcounter-bench -- upgrade $(filter --quick,$(BENCH))

faults:
	@scripts/setup bench
	$(CARGO) build --release --locked -p poolcounterd -p poolcounter_php
	@bench/faults/run $(BENCH)

build-php:
	$(CARGO) build --release --locked -p poolcounter_php

# The daemon and poolcounterctl, their manuals, completions for shells, the daemon's units, which are not enabled, and the group for its admin interface, which `systemd-sysusers` creates.
install-service:
	@test -x $(DAEMON) -a -x $(CTL) || { echo "run 'make build' first" >&2; exit 1; }
	install -D $(STRIPPED) -m 0755 $(DAEMON) $(DESTDIR)$(PREFIX)/bin/poolcounterd
	install -D $(STRIPPED) -m 0755 $(CTL) $(DESTDIR)$(PREFIX)/bin/poolcounterctl
	install -D -m 0644 poolcounterctl/man/poolcounterctl.1 $(DESTDIR)$(MANDIR)/man1/poolcounterctl.1
	install -D -m 0644 poolcounterctl/completions/poolcounterctl.bash $(DESTDIR)$(BASHDIR)/poolcounterctl
	install -D -m 0644 poolcounterctl/completions/_poolcounterctl $(DESTDIR)$(ZSHDIR)/_poolcounterctl
	install -D -m 0644 poolcounterctl/completions/poolcounterctl.fish $(DESTDIR)$(FISHDIR)/poolcounterctl.fish
	install -D -m 0644 daemon/man/poolcounterd.8 $(DESTDIR)$(MANDIR)/man8/poolcounterd.8
	install -D -m 0644 daemon/systemd/poolcounter.socket $(DESTDIR)$(UNITDIR)/poolcounter.socket
	install -D -m 0644 daemon/systemd/poolcounter-admin.conf $(DESTDIR)$(SYSUSERSDIR)/poolcounter-admin.conf
	sed 's|@BINDIR@|$(PREFIX)/bin|' daemon/systemd/poolcounter.service.in >$(DESTDIR)$(UNITDIR)/poolcounter.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/poolcounter.service

install:
	@test -x $(DAEMON) -a -f $(TARGET)/release/libpoolcounter_c.so || { echo "run 'make build' first" >&2; exit 1; }
	@$(MAKE) --no-print-directory install-service
	install -D $(STRIPPED) -m 0644 $(TARGET)/release/libpoolcounter_c.so $(DESTDIR)$(LIBDIR)/$(SONAME).$(VERSION)
	ln -sf $(SONAME).$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libpoolcounter.so
	install -D -m 0644 $(TARGET)/release/libpoolcounter_c.a $(DESTDIR)$(LIBDIR)/libpoolcounter.a
	$(if $(STRIPPED),strip --strip-debug $(DESTDIR)$(LIBDIR)/libpoolcounter.a)
	install -D -m 0644 c-api/include/poolcounter.h $(DESTDIR)$(INCLUDEDIR)/poolcounter.h
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' c-api/poolcounter.pc.in \
	    >$(DESTDIR)$(LIBDIR)/pkgconfig/poolcounter.pc
	chmod 0644 $(DESTDIR)$(LIBDIR)/pkgconfig/poolcounter.pc

install-php:
	@test -f $(TARGET)/release/libpoolcounter_php.so || { echo "run 'make build-php' first" >&2; exit 1; }
	install -D $(STRIPPED) -m 0644 $(TARGET)/release/libpoolcounter_php.so $(DESTDIR)$$($(PHP_CONFIG) --extension-dir)/poolcounter.so

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/poolcounterd $(DESTDIR)$(MANDIR)/man8/poolcounterd.8
	rm -f $(DESTDIR)$(PREFIX)/bin/poolcounterctl $(DESTDIR)$(MANDIR)/man1/poolcounterctl.1
	rm -f $(DESTDIR)$(BASHDIR)/poolcounterctl $(DESTDIR)$(ZSHDIR)/_poolcounterctl $(DESTDIR)$(FISHDIR)/poolcounterctl.fish
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,poolcounter.service poolcounter.socket) $(DESTDIR)$(SYSUSERSDIR)/poolcounter-admin.conf
	rm -f $(DESTDIR)$(INCLUDEDIR)/poolcounter.h $(DESTDIR)$(LIBDIR)/pkgconfig/poolcounter.pc
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(SONAME).$(VERSION) $(SONAME) libpoolcounter.so libpoolcounter.a)

uninstall-php:
	rm -f $(DESTDIR)$$($(PHP_CONFIG) --extension-dir)/poolcounter.so
