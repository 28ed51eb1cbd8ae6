//! The interface `PoolCounter\ClientInterface`: the names and types of a client's methods.

use crate::answer::Answer;
use crate::methods::{abandon, acquire_for_anyone, acquire_for_me, close, last_server, release, stats};
use ext_php_rs::args::{Arg, ArgInfo, ArgInfoTables};
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::class::{ClassEntryInfo, RegisteredClass};
use ext_php_rs::error::Result;
use ext_php_rs::flags::{ClassFlags, DataType, MethodFlags};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, ExecuteData};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The interface, as a class that implements it names it.
pub(crate) const INTERFACE: ClassEntryInfo = (entry, "\\PoolCounter\\ClientInterface");

/// What runs when PHP calls a method of `PoolCounter\Client`.
pub(crate) type Handler = extern "C" fn(&mut ExecuteData, &mut Zval);

type Builder = FunctionBuilder<'static>;

/// Adds a method's parameters and its result.
type Signature = fn(Builder) -> Builder;

/// Each method, and what it does in `PoolCounter\Client`.
pub(crate) const METHODS: [(&str, Handler, Signature); 7] = [
    ("acquireForMe", acquire_for_me, acquires),
    ("acquireForAnyone", acquire_for_anyone, acquires),
    ("release", release, releases),
    ("stats", stats, asks_for_statistics),
    ("lastServer", last_server, |method| method.returns(DataType::String, false, true)),
    ("abandon", abandon, |method| method.returns(DataType::Void, false, false)),
    ("close", close, |method| method.returns(DataType::Void, false, false)),
];

/// The interface, once the module has started.
static ENTRY: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());

/// What PHP reads of its methods' parameters as long as the process lives.
#[used]
static PARAMETERS: AtomicPtr<Box<[ArgInfo]>> = AtomicPtr::new(ptr::null_mut());

/// Makes the interface.
pub(crate) fn register() -> Result<()> {
    METHODS
        .iter()
        .map(|(name, _, signature)| signature(FunctionBuilder::new_abstract(*name)))
        .fold(ClassBuilder::new("PoolCounter\\ClientInterface"), |class, method| {
            class.method(method, MethodFlags::Public | MethodFlags::Abstract)
        })
        .flags(ClassFlags::Interface)
        .registration(registered)
        .register()
}

fn registered(class: &'static mut ClassEntry, parameters: ArgInfoTables) {
    ENTRY.store(class, Ordering::Release);
    PARAMETERS.store(Box::leak(parameters).as_mut_ptr(), Ordering::Release);
}

#[allow(clippy::expect_used)] // The module's start makes the interface before what implements it.
fn entry() -> &'static ClassEntry {
    // SAFETY: null, or set when the module started; classes live as long as it does.
    unsafe { ENTRY.load(Ordering::Acquire).as_ref() }.expect("the interface is made first")
}

fn acquires(method: Builder) -> Builder {
    method
        .arg(Arg::new("key", DataType::String))
        .arg(Arg::new("workers", DataType::Long))
        .arg(Arg::new("maxqueue", DataType::Long))
        .arg(Arg::new("timeout", DataType::Long))
        .returns(DataType::object(Answer::CLASS_NAME), false, false)
}

fn releases(method: Builder) -> Builder {
    method.not_required().arg(Arg::new("key", DataType::String).allow_null()).returns(
        DataType::object(Answer::CLASS_NAME),
        false,
        false,
    )
}

fn asks_for_statistics(method: Builder) -> Builder {
    method
        .not_required()
        .arg(Arg::new("name", DataType::String).default("'FULL'"))
        .arg(Arg::new("server", DataType::String).allow_null())
        .returns(DataType::Array, false, false)
}
