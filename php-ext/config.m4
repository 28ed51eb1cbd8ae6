dnl phpize makes a configure script of this. Cargo builds the module: see Makefile.frag.

PHP_ARG_ENABLE([poolcounter],
  [whether to build poolcounter.so],
  [AS_HELP_STRING([--disable-poolcounter], [Do not build poolcounter.so])],
  [yes])

if test "$PHP_POOLCOUNTER" != "no"; then
  POOLCOUNTER_ROOT=`cd "$srcdir/.." && pwd`
  if test ! -f "$POOLCOUNTER_ROOT/Cargo.lock"; then
    AC_MSG_ERROR([$POOLCOUNTER_ROOT/Cargo.lock is missing: the folder php-ext is built inside the whole project, not alone])
  fi

  dnl PHP itself.
  AC_MSG_CHECKING([for a PHP that poolcounter supports])
  POOLCOUNTER_PHP_CONFIG=`command -v "$PHP_CONFIG"`
  case $POOLCOUNTER_PHP_CONFIG in
  /*) ;;
  *) POOLCOUNTER_PHP_CONFIG=`pwd`/$POOLCOUNTER_PHP_CONFIG ;;
  esac
  poolcounter_php_version=`"$PHP_CONFIG" --version`
  poolcounter_php=`"$PHP_CONFIG" --vernum`
  if test "$poolcounter_php" -lt 80100 || test "$poolcounter_php" -ge 80600; then
    AC_MSG_ERROR([PHP $poolcounter_php_version of $POOLCOUNTER_PHP_CONFIG is not supported: PHP 8.1 to 8.5 are. --with-php-config=PATH names another one])
  fi
  AC_MSG_RESULT([$poolcounter_php_version])
  if test ! -x "$PHP_EXECUTABLE"; then
    AC_MSG_ERROR([$POOLCOUNTER_PHP_CONFIG names no PHP for the command line, which the build runs: install it])
  fi

  dnl Cargo. rustup's cargo may be of another version than the toolchain that a file of the project chooses, so it is asked in the project's folder.
  AC_ARG_VAR([CARGO], [cargo, the package manager of Rust])
  AC_PATH_PROG([CARGO], [cargo])
  poolcounter_rust=`sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$POOLCOUNTER_ROOT/Cargo.toml"`
  if test -z "$CARGO"; then
    AC_MSG_ERROR([cargo is missing: install Rust $poolcounter_rust or later, as https://rustup.rs describes. CARGO=PATH names a cargo that is not in PATH])
  fi
  AC_MSG_CHECKING([for the version of cargo])
  poolcounter_cargo=`cd "$POOLCOUNTER_ROOT" && "$CARGO" --version 2>&1`
  poolcounter_cargo_version=`AS_ECHO(["$poolcounter_cargo"]) | sed -n 's/^cargo \(@<:@0-9@:>@@<:@0-9.@:>@*\).*/\1/p'`
  if test -z "$poolcounter_cargo_version"; then
    AC_MSG_ERROR([$CARGO does not run: $poolcounter_cargo])
  fi
  AS_VERSION_COMPARE([$poolcounter_cargo_version], [$poolcounter_rust],
    [AC_MSG_ERROR([$CARGO is version $poolcounter_cargo_version: Rust $poolcounter_rust or later is needed, as https://rustup.rs describes])])
  AC_MSG_RESULT([$poolcounter_cargo_version])

  dnl libclang, which reads PHP's headers during the build, with the headers of the compiler itself. Version 9 is the oldest that bindgen supports.
  AC_ARG_VAR([LIBCLANG_PATH], [folder or file of libclang])
  AC_MSG_CHECKING([for libclang])
  if ! $CC -o conftest-libclang "$srcdir/configure-libclang.c" -ldl >&AS_MESSAGE_LOG_FD 2>&1; then
    AC_MSG_ERROR([$CC cannot build configure-libclang.c: see config.log])
  fi
  if test -n "$LIBCLANG_PATH"; then
    poolcounter_places="$LIBCLANG_PATH $LIBCLANG_PATH/libclang.so* $LIBCLANG_PATH/libclang-*.so*"
  else
    poolcounter_llvm=`llvm-config --libdir 2>/dev/null || echo /usr/lib/llvm`
    poolcounter_places="$poolcounter_llvm/libclang.so* $poolcounter_llvm/libclang-*.so* /usr/lib/llvm*/lib/libclang*.so* /usr/lib64/llvm*/lib*/libclang*.so* \
      /usr/lib/*-linux-*/libclang*.so* /usr/lib64/libclang*.so* /usr/lib/libclang*.so* /usr/local/lib*/libclang*.so* /usr/local/llvm*/lib*/libclang*.so*"
  fi
  poolcounter_said=
  POOLCOUNTER_LIBCLANG=
  for poolcounter_file in $poolcounter_places; do
    case $poolcounter_file in
    *libclang-cpp*) continue ;;
    esac
    test -f "$poolcounter_file" || continue
    if poolcounter_said=`./conftest-libclang "$poolcounter_file" 9 2>&1`; then
      POOLCOUNTER_LIBCLANG=$poolcounter_file
      break
    fi
  done
  rm -f conftest-libclang
  if test -z "$POOLCOUNTER_LIBCLANG"; then
    AC_MSG_ERROR([${poolcounter_said:-libclang is missing}: install libclang 9 or later with its headers (Debian 12: libclang1-14 and libclang-common-14-dev). LIBCLANG_PATH=PATH names its folder or file])
  fi
  AC_MSG_RESULT([$POOLCOUNTER_LIBCLANG ($poolcounter_said)])

  PHP_SUBST([CARGO])
  PHP_SUBST([POOLCOUNTER_LIBCLANG])
  PHP_SUBST([POOLCOUNTER_ROOT])
  PHP_SUBST([POOLCOUNTER_PHP_CONFIG])
  PHP_ADD_BUILD_DIR([modules])
  PHP_ADD_MAKEFILE_FRAGMENT([$srcdir/Makefile.frag], [$srcdir], [$abs_builddir])
  PHP_MODULES="$PHP_MODULES \$(phplibdir)/poolcounter.la"
fi
