//! Structs that callers allocate. They begin with their size, so that fields can be added at their end.

use crate::error::{Problem, pc_error};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, copy_nonoverlapping};

/// No struct will be as large: such a size was never written.
const TOO_LARGE: usize = 4096;

/// Where the fields begin: behind the size.
const FIELDS: usize = size_of::<u32>();

/// A struct that begins with its size as the caller's header has it, a u32.
///
/// # Safety
///
/// It is `repr(C)`, its first field is the size, it has no padding, and any bytes are a value of it. Fields are only
/// added at its end, and 0 in them means what was there before they were.
pub(crate) unsafe trait Sized32: Copy {
    /// Its name in the header.
    const NAME: &'static str;
    /// Its size in the first version of this ABI.
    const FIRST: usize;
}

/// The size that the caller wrote into a struct.
///
/// # Safety
///
/// It is NULL, or points to such a struct.
unsafe fn checked<T: Sized32>(pointer: *const T, name: &str) -> Result<usize, Problem> {
    if pointer.is_null() {
        return Err(Problem::null(name));
    }
    // SAFETY: the size comes first.
    let size = unsafe { pointer.cast::<u32>().read() } as usize;
    if (T::FIRST..TOO_LARGE).contains(&size) {
        return Ok(size);
    }
    let cause = format!("{name}->size is {size}; it must be set to sizeof({})", T::NAME);
    Err(Problem::new(pc_error::PC_ERROR_INVALID, cause))
}

/// A struct that the caller gave. Fields that the caller does not know are 0. One that this library does not know, and
/// that is not 0, is an error: it would have no effect.
///
/// # Safety
///
/// It is NULL, or points to as many bytes as its size says, if that is one.
pub(crate) unsafe fn given<T: Sized32>(pointer: *const T, name: &str) -> Result<T, Problem> {
    // SAFETY: the caller's.
    let size = unsafe { checked(pointer, name) }?;
    let known = size_of::<T>();
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both have as many bytes.
    unsafe { copy_nonoverlapping(pointer.cast::<u8>(), value.as_mut_ptr().cast(), size.min(known)) };
    // SAFETY: the caller's; there are so many bytes behind those that are known.
    let unknown = |at| unsafe { pointer.cast::<u8>().add(at).read() } != 0;
    if (known..size).any(unknown) {
        let version = env!("CARGO_PKG_VERSION");
        let cause = format!("{name} has a field that is not 0 and that libpoolcounter {version} does not know");
        return Err(Problem::new(pc_error::PC_ERROR_INVALID, cause));
    }
    // SAFETY: any bytes are a value.
    Ok(unsafe { value.assume_init() })
}

/// A place for a struct that is an output.
pub(crate) struct SizedPlace<T> {
    place: NonNull<u8>,
    size: usize,
    of: PhantomData<T>,
}

impl<T: Sized32> SizedPlace<T> {
    /// # Safety
    ///
    /// It is NULL, or points to as many bytes as its size says, if that is one, and nobody else uses them as long as
    /// this lives.
    pub(crate) unsafe fn new(pointer: *mut T, name: &str) -> Result<Self, Problem> {
        // SAFETY: the caller's.
        let size = unsafe { checked(pointer, name) }?;
        let place = NonNull::new(pointer.cast()).ok_or_else(|| Problem::null(name))?;
        Ok(Self { place, size, of: PhantomData })
    }

    /// Writes the fields that caller and library know. The size, and fields that this library does not know, stay unchanged.
    pub(crate) fn set(self, value: T) {
        let bytes = self.size.min(size_of::<T>()) - FIELDS;
        let fields = (&raw const value).cast::<u8>();
        // SAFETY: what `new` was promised; and both have as many bytes behind the size.
        unsafe { copy_nonoverlapping(fields.add(FIELDS), self.place.as_ptr().add(FIELDS), bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A struct of a later version: the first one ended with `old`.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Later {
        size: u32,
        old: u32,
        new: u32,
    }

    // SAFETY: it is like that.
    unsafe impl Sized32 for Later {
        const NAME: &'static str = "later";
        const FIRST: usize = 8;
    }

    const LATER: Later = Later { size: 12, old: 1, new: 2 };

    #[test]
    fn a_field_that_the_caller_does_not_know_is_0() {
        // SAFETY: it is a place for as many bytes as its size says.
        let read = unsafe { given(&Later { size: 8, ..LATER }, "later") };
        assert_eq!(read.ok(), Some(Later { size: 8, old: 1, new: 0 }));
        // SAFETY: the same.
        assert_eq!(unsafe { given(&LATER, "later") }.ok(), Some(LATER));
    }

    #[test]
    fn a_field_that_the_caller_does_not_know_is_not_written() {
        let mut place = Later { size: 8, old: 0, new: 7 };
        // SAFETY: it is a place for as many bytes as its size says.
        unsafe { SizedPlace::new(&raw mut place, "later") }.map(|place| place.set(LATER)).unwrap_or_default();
        assert_eq!(place, Later { size: 8, old: 1, new: 7 });
    }
}
