//! Sets the SONAME of the shared library, with the number of its ABI.

fn main() {
    let number = include_str!("abi/number").trim();
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpoolcounter.so.{number}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=abi/number");
}
