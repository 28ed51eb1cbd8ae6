//! What is to be done before the library is unloaded, or the program ends.

/// Called by the dynamic linker.
// SAFETY: the section holds pointers to functions of this type.
#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOAD: extern "C" fn() = unload;

/// Gives back the memory that belongs to no client: nobody could find it any more.
extern "C" fn unload() {
    // What would be unwound here ends the program; there is nothing left to do about it.
    let _ = std::panic::catch_unwind(poolcounter::forget_servers);
}
