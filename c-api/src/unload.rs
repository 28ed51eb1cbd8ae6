//! What is to be done before the library is unloaded, or the program ends.

use poolcounter_c_macros::c_function;

/// Called by the dynamic linker.
// SAFETY: the section holds pointers to functions of this type.
#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOAD: extern "C" fn() = unload;

/// Gives back the memory that belongs to no client: nobody could find it any more.
#[c_function]
fn unload() {
    poolcounter::forget_servers();
}
