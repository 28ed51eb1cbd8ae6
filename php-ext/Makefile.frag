# The part of phpize's Makefile that builds the module by cargo. PHP's own rules install and test what is in modules/.

POOLCOUNTER_TARGET = $${CARGO_TARGET_DIR:-$(POOLCOUNTER_ROOT)/target}

# `make install` may run as root, who has no Rust: cargo runs only if a source is newer than the module.
POOLCOUNTER_SOURCES := $(shell find $(POOLCOUNTER_ROOT)/core $(POOLCOUNTER_ROOT)/php-ext/src -name '*.rs') \
    $(addprefix $(POOLCOUNTER_ROOT)/,Cargo.lock Cargo.toml core/Cargo.toml php-ext/Cargo.toml)

$(phplibdir)/poolcounter.so: $(POOLCOUNTER_SOURCES) Makefile
	PHP="$(PHP_EXECUTABLE)" PHP_CONFIG="$(POOLCOUNTER_PHP_CONFIG)" LIBCLANG_PATH="$(POOLCOUNTER_LIBCLANG)" \
	    $(CARGO) build --release --locked --manifest-path "$(POOLCOUNTER_ROOT)/Cargo.toml" -p poolcounter_php --target-dir "$(POOLCOUNTER_TARGET)"
	$(mkinstalldirs) $(phplibdir)
	$(INSTALL) -s -m 0644 "$(POOLCOUNTER_TARGET)/release/libpoolcounter_php.so" $@

# `make test` reads the name of the module here.
$(phplibdir)/poolcounter.la: $(phplibdir)/poolcounter.so
	echo "dlname='poolcounter.so'" >$@
