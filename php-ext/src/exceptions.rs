//! `PoolCounter\Exception` and the classes that extend it.

use crate::zend;
use ext_php_rs::args::{ArgInfo, ArgInfoTables};
use ext_php_rs::builders::{ClassBuilder, ClassProperty, FunctionBuilder};
use ext_php_rs::class::ClassEntryInfo;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::error::Result;
use ext_php_rs::exception::PhpException;
use ext_php_rs::flags::{ClassFlags, DataType, MethodFlags, PropertyFlags};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, ExecuteData, ce, run_handler};
use poolcounter::client::Failure;
use std::panic::AssertUnwindSafe;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

const BASE: usize = 0;
const CONNECTION: usize = 1;
const WRITE: usize = 2;
const READ: usize = 3;
const REMOTE: usize = 4;
const KEY: usize = 5;

/// The classes, once the module has started.
static CLASSES: [AtomicPtr<ClassEntry>; 6] = [const { AtomicPtr::new(ptr::null_mut()) }; 6];

/// What PHP reads of their methods' parameters as long as the process lives.
#[used]
static PARAMETERS: [AtomicPtr<Box<[ArgInfo]>>; 6] = [const { AtomicPtr::new(ptr::null_mut()) }; 6];

/// Makes the classes. ext-php-rs's own way of extending an exception loses file, line and trace.
pub(crate) fn register() -> Result<()> {
    ClassBuilder::new("PoolCounter\\Exception")
        .extends((zend::runtime_exception, "\\RuntimeException"))
        .property(property("server", Zval::null))
        .property(property("cause", empty_text))
        .method(getter("getServer", get_server, true), MethodFlags::Public | MethodFlags::Final)
        .method(getter("getCause", get_cause, false), MethodFlags::Public | MethodFlags::Final)
        .registration(registered::<BASE>)
        .register()?;
    derive::<CONNECTION>("PoolCounter\\ConnectionException")?;
    derive::<WRITE>("PoolCounter\\WriteException")?;
    derive::<READ>("PoolCounter\\ReadException")?;
    derive::<REMOTE>("PoolCounter\\RemoteException")?;
    derive::<KEY>("PoolCounter\\KeyException")
}

/// Throws the exception that tells of this failure.
pub(crate) fn throw(failure: &Failure) {
    let (number, server, cause) = match failure {
        Failure::Write { server, cause } => (WRITE, Some(server), cause.clone()),
        Failure::Read { server, cause } => (READ, Some(server), cause.clone()),
        Failure::Remote { server, message } => (REMOTE, Some(server), message.clone()),
        Failure::BadKey(reason) => (KEY, None, reason.to_string()),
        Failure::Connect { server, cause } => (CONNECTION, Some(server), cause.clone()),
        _ => (CONNECTION, None, failure.to_string()),
    };
    let mut object = class(number).new();
    zend::set_text_property(ce::exception(), &mut object, "message", &failure.to_string());
    zend::set_text_property(base(), &mut object, "cause", &cause);
    if let Some(server) = server {
        zend::set_text_property(base(), &mut object, "server", server);
    }
    let exception = PhpException::from_message(failure.to_string());
    match object.into_zval(false) {
        Ok(object) => exception.with_object(object).throw(),
        Err(_) => exception.throw(),
    }
}

fn derive<const NUMBER: usize>(name: &str) -> Result<()> {
    const PARENT: ClassEntryInfo = (base, "\\PoolCounter\\Exception");
    ClassBuilder::new(name).extends(PARENT).flags(ClassFlags::Final).registration(registered::<NUMBER>).register()
}

fn registered<const NUMBER: usize>(class: &'static mut ClassEntry, parameters: ArgInfoTables) {
    CLASSES[NUMBER].store(class, Ordering::Release);
    PARAMETERS[NUMBER].store(Box::leak(parameters).as_mut_ptr(), Ordering::Release);
}

fn base() -> &'static ClassEntry {
    class(BASE)
}

fn class(number: usize) -> &'static ClassEntry {
    let class = CLASSES[number].load(Ordering::Acquire);
    // SAFETY: null, or set when the module started; classes live as long as it does.
    unsafe { class.as_ref() }.unwrap_or_else(ce::exception)
}

fn property(name: &str, default: fn() -> Zval) -> ClassProperty {
    ClassProperty {
        name: name.to_owned(),
        flags: PropertyFlags::Protected,
        default: Some(Box::new(move || Ok(default()))),
        docs: &[],
        ty: None,
        nullable: false,
        readonly: false,
        default_stub: None,
    }
}

fn empty_text() -> Zval {
    let mut value = Zval::new();
    // PHP's own empty string: a class of a module can hold no other.
    let _ = value.set_interned_string("", true);
    value
}

fn getter(name: &str, handler: extern "C" fn(&mut ExecuteData, &mut Zval), nullable: bool) -> FunctionBuilder<'static> {
    FunctionBuilder::new(name, handler).returns(DataType::String, false, nullable)
}

extern "C" fn get_server(call: &mut ExecuteData, answer: &mut Zval) {
    get(call, answer, "server");
}

extern "C" fn get_cause(call: &mut ExecuteData, answer: &mut Zval) {
    get(call, answer, "cause");
}

fn get(call: &mut ExecuteData, answer: &mut Zval, name: &str) {
    run_handler(AssertUnwindSafe(|| {
        if zend::Arguments::of(call).none().is_ok()
            && let Some(exception) = call.get_self()
        {
            *answer = zend::property(base(), exception, name);
        }
    }));
}
