//! The few functions of PHP's C interface that ext-php-rs leaves out, and what makes them safe to call.

use ext_php_rs::ffi::{IS_ARRAY, zend_object, zend_string};
use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::{ClassEntry, ExecuteData, ModuleEntry};
use std::ffi::{CStr, c_char, c_int};
use std::marker::PhantomData;
use std::ptr;

unsafe extern "C" {
    fn zend_parse_parameters(given: u32, spec: *const c_char, ...) -> c_int;
    fn zend_parse_arg_str_slow(value: *mut Zval, text: *mut *mut zend_string, number: u32) -> bool;
    fn zend_argument_value_error(number: u32, format: *const c_char, ...);
    fn zend_update_property_stringl(
        scope: *mut ClassEntry,
        object: *mut zend_object,
        name: *const c_char,
        name_length: usize,
        value: *const c_char,
        value_length: usize,
    );
    fn zend_read_property(
        scope: *mut ClassEntry,
        object: *mut zend_object,
        name: *const c_char,
        name_length: usize,
        silent: bool,
        holder: *mut Zval,
    ) -> *mut Zval;
    fn zend_ini_string_ex(name: *const c_char, length: usize, original: c_int, exists: *mut bool) -> *mut c_char;
    fn cfg_get_entry(name: *const c_char, length: usize) -> *mut Zval;
    fn display_ini_entries(module: *mut ModuleEntry);
    static spl_ce_RuntimeException: *mut ClassEntry;
}

/// PHP has thrown: the method is to return at once.
pub(crate) struct Thrown;

/// The arguments of the call that is under way. PHP's own parser reads them, so coercion, strict types and errors are PHP's own.
///
/// It may run PHP code (`__toString`, an error handler), so it comes before anything of the object is borrowed.
pub(crate) struct Arguments<'a> {
    given: u32,
    call: PhantomData<&'a ExecuteData>,
}

impl<'a> Arguments<'a> {
    pub(crate) fn of(call: &'a ExecuteData) -> Self {
        // SAFETY: the number of arguments stands there in every call of a function.
        Self { given: unsafe { call.This.u2.num_args }, call: PhantomData }
    }

    /// No argument.
    pub(crate) fn none(&self) -> Result<(), Thrown> {
        // SAFETY: the specification names no argument.
        parsed(unsafe { zend_parse_parameters(self.given, c"".as_ptr()) })
    }

    /// `string, int, int, int`
    pub(crate) fn text_and_three_numbers(&self) -> Result<(Vec<u8>, [i64; 3]), Thrown> {
        let mut text = ptr::null_mut();
        let mut numbers = [0_i64; 3];
        let [first, second, third] = &mut numbers;
        // SAFETY: `S` takes a pointer to a pointer to a string, each `l` one to a 64-bit number.
        parsed(unsafe {
            zend_parse_parameters(
                self.given,
                c"Slll".as_ptr(),
                &raw mut text,
                ptr::from_mut(first),
                ptr::from_mut(second),
                ptr::from_mut(third),
            )
        })?;
        // SAFETY: it is an argument of the call.
        Ok((unsafe { copy(text) }.unwrap_or_default(), numbers))
    }

    /// `string`
    pub(crate) fn text(&self) -> Result<Vec<u8>, Thrown> {
        let mut text = ptr::null_mut();
        // SAFETY: `S` takes a pointer to a pointer to a string.
        parsed(unsafe { zend_parse_parameters(self.given, c"S".as_ptr(), &raw mut text) })?;
        // SAFETY: it is an argument of the call.
        Ok(unsafe { copy(text) }.unwrap_or_default())
    }

    /// `?string = null`
    pub(crate) fn maybe_text(&self) -> Result<Option<Vec<u8>>, Thrown> {
        let mut text = ptr::null_mut();
        // SAFETY: `S!` takes a pointer to a pointer to a string.
        parsed(unsafe { zend_parse_parameters(self.given, c"|S!".as_ptr(), &raw mut text) })?;
        // SAFETY: null, or an argument of the call.
        Ok(unsafe { copy(text) })
    }

    /// `string = ..., ?string = null`
    pub(crate) fn two_maybe_texts(&self) -> Result<[Option<Vec<u8>>; 2], Thrown> {
        let (mut first, mut second) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `S` and `S!` take a pointer to a pointer to a string each.
        parsed(unsafe { zend_parse_parameters(self.given, c"|SS!".as_ptr(), &raw mut first, &raw mut second) })?;
        // SAFETY: null, or arguments of the call.
        Ok(unsafe { [copy(first), copy(second)] })
    }

    /// `mixed = null, array = []`
    pub(crate) fn value_and_array(&self) -> Result<(Option<&'a mut Zval>, Option<&'a ZendHashTable>), Thrown> {
        let mut value = ptr::null_mut::<Zval>();
        let mut array = ptr::null_mut::<ZendHashTable>();
        // SAFETY: `z` takes a pointer to a pointer to a value, `h` one to an array.
        parsed(unsafe { zend_parse_parameters(self.given, c"|zh".as_ptr(), &raw mut value, &raw mut array) })?;
        // SAFETY: null, or arguments of the call.
        Ok(unsafe { (value.as_mut(), array.as_ref()) })
    }
}

fn parsed(result: c_int) -> Result<(), Thrown> {
    if result == 0 { Ok(()) } else { Err(Thrown) }
}

/// # Safety
///
/// `text` must be null or point to a string.
unsafe fn copy(text: *mut zend_string) -> Option<Vec<u8>> {
    // SAFETY: as above.
    unsafe { text.as_ref() }.map(|text| text.as_bytes().to_vec())
}

/// The argument as a string by PHP's rules for scalars, unless the caller's file declares strict types.
pub(crate) fn coerce_to_text(value: &mut Zval, number: u32) -> Option<Vec<u8>> {
    if let Some(text) = value.zend_str() {
        return Some(text.as_bytes().to_vec());
    }
    let mut text = ptr::null_mut();
    // SAFETY: both point to live values; the string belongs to `value` afterwards.
    unsafe { if zend_parse_arg_str_slow(value, &raw mut text, number) { copy(text) } else { None } }
}

/// A value's type, as PHP's messages name it.
pub(crate) fn type_name(value: &Zval) -> String {
    match value.get_type() {
        DataType::Null | DataType::Undef => "null".to_owned(),
        DataType::True | DataType::False | DataType::Bool => "bool".to_owned(),
        DataType::Long => "int".to_owned(),
        DataType::Double => "float".to_owned(),
        DataType::String => "string".to_owned(),
        DataType::Array => "array".to_owned(),
        DataType::Resource => "resource".to_owned(),
        _ => value.object().and_then(|object| object.get_class_name().ok()).unwrap_or_else(|| "mixed".to_owned()),
    }
}

/// Throws a `ValueError` that names the argument.
pub(crate) fn argument_value_error(number: u32, message: &CStr) -> Thrown {
    // SAFETY: the format takes one string.
    unsafe { zend_argument_value_error(number, c"%s".as_ptr(), message.as_ptr()) };
    Thrown
}

/// Sets a declared property, protected or not.
pub(crate) fn set_text_property(scope: &ClassEntry, object: &mut ZendObject, name: &str, value: &str) {
    // SAFETY: all pointers are of live values, and PHP copies the text.
    unsafe {
        zend_update_property_stringl(
            ptr::from_ref(scope).cast_mut(),
            object,
            name.as_ptr().cast(),
            name.len(),
            value.as_ptr().cast(),
            value.len(),
        );
    }
}

/// Reads a declared property, protected or not.
pub(crate) fn property(scope: &ClassEntry, object: &mut ZendObject, name: &str) -> Zval {
    let mut holder = Zval::new();
    // SAFETY: all pointers are of live values; what comes back belongs to the object, so it is copied.
    unsafe {
        let scope = ptr::from_ref(scope).cast_mut();
        let value = zend_read_property(scope, object, name.as_ptr().cast(), name.len(), true, &raw mut holder);
        value.as_ref().map_or_else(Zval::null, |value| value.dereference().shallow_clone())
    }
}

/// The value of an ini entry.
pub(crate) fn ini_text(name: &CStr) -> String {
    let mut exists = false;
    // SAFETY: the text lives until the entry changes, and is copied here.
    unsafe {
        let text = zend_ini_string_ex(name.as_ptr(), name.count_bytes(), 0, &raw mut exists);
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

/// Whether php.ini, or PHP's command line, sets this, be it an ini entry of anybody or not.
pub(crate) fn is_in_php_ini(name: &CStr) -> bool {
    // SAFETY: PHP only reads the name.
    unsafe { !cfg_get_entry(name.as_ptr(), name.count_bytes()).is_null() }
}

/// Prints the ini entries of a module, as `phpinfo()` has them.
pub(crate) fn print_ini_entries(module: *mut ModuleEntry) {
    // SAFETY: PHP gave the pointer for this purpose.
    unsafe { display_ini_entries(module) };
}

/// The class `RuntimeException`. A look-up by name finds no class of SPL yet when a module starts.
pub(crate) fn runtime_exception() -> &'static ClassEntry {
    // SAFETY: SPL is always there, and starts before modules that are loaded.
    unsafe { &*spl_ce_RuntimeException }
}

/// Adds `array` to the types of the constructor's first parameter: ext-php-rs knows no union types.
pub(crate) fn let_first_parameter_be_array(class: &mut ClassEntry) {
    // SAFETY: the class was just made with a constructor that has a parameter; PHP made a table of its own for it.
    unsafe {
        if let Some(constructor) = class.constructor.as_mut()
            && let Some(parameter) = constructor.internal_function.arg_info.as_mut()
        {
            parameter.type_.type_mask |= 1 << IS_ARRAY;
        }
    }
}
