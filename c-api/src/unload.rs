//! Cleans up before the library is unloaded, or the program ends.

use poolcounter_c_macros::c_function;

/// Called by the dynamic linker.
// SAFETY: the section holds pointers to functions of this type.
#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOAD: extern "C" fn() = unload;

/// Frees the memory that belongs to no client, which would be leaked otherwise.
#[c_function]
fn unload() {
    poolcounter::forget_servers();
}
