# The part of phpize's Makefile that builds the module by cargo. PHP's own rules install and test what is in modules/.

POOLCOUNTER_TARGET = $${CARGO_TARGET_DIR:-$(POOLCOUNTER_ROOT)/target}

# Only cargo knows whether the module is up to date.
.PHONY: poolcounter-cargo
poolcounter-cargo:
	PHP=$(PHP_EXECUTABLE) PHP_CONFIG=$(POOLCOUNTER_PHP_CONFIG) LIBCLANG_PATH=$(POOLCOUNTER_LIBCLANG) \
	    $(CARGO) build --release --locked --manifest-path $(POOLCOUNTER_ROOT)/Cargo.toml -p poolcounter_php --target-dir "$(POOLCOUNTER_TARGET)"

$(phplibdir)/poolcounter.so: poolcounter-cargo
	$(mkinstalldirs) $(phplibdir)
	$(INSTALL) -s -m 0644 "$(POOLCOUNTER_TARGET)/release/libpoolcounter_php.so" $@

# `make test` reads the name of the module here.
$(phplibdir)/poolcounter.la: $(phplibdir)/poolcounter.so
	echo "dlname='poolcounter.so'" >$@
