//! Gives the shared library its name for the dynamic linker: the first number changes when the interface does so incompatibly.

fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpoolcounter.so.{}", env!("CARGO_PKG_VERSION_MAJOR"));
    println!("cargo::rerun-if-changed=build.rs");
}
