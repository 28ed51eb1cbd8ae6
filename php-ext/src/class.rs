//! `PoolCounter\Client` as PHP sees it.

use crate::answer::Answer;
use crate::client::{Client, NotReleased, Wish};
use crate::options::Invalid;
use crate::zend::{Arguments, Thrown};
use crate::{exceptions, options, registry, servers, statistics, zend};
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::class::{ClassEntryInfo, ClassMetadata, ConstructorMeta, ConstructorResult, RegisteredClass};
use ext_php_rs::convert::{IntoZval, IntoZvalDyn};
use ext_php_rs::describe::DocComments;
use ext_php_rs::error::Result as Made;
use ext_php_rs::exception::PhpException;
use ext_php_rs::flags::{ClassFlags, ConstantFlags, DataType, MethodFlags};
use ext_php_rs::types::{ZendHashTable, Zval};
use ext_php_rs::zend::{ExecuteData, ce, run_handler};
use poolcounter::client::Failure;
use poolcounter::protocol::Mode;
use std::panic::AssertUnwindSafe;

static METADATA: ClassMetadata<Client> = ClassMetadata::new(&[]);

type Handler = extern "C" fn(&mut ExecuteData, &mut Zval);

/// Makes the class.
pub(crate) fn register() -> Made<()> {
    let methods = Client::method_builders();
    methods
        .into_iter()
        .fold(ClassBuilder::new(Client::CLASS_NAME), |class, (method, flags)| class.method(method, flags))
        .flags(Client::FLAGS)
        .object_override::<Client>()
        .registration(|class, parameters| {
            zend::let_first_parameter_be_array(class);
            METADATA.set_ce(class);
            METADATA.set_arg_info(parameters);
        })
        .register()
}

impl RegisteredClass for Client {
    const CLASS_NAME: &'static str = "PoolCounter\\Client";
    const BUILDER_MODIFIER: Option<fn(ClassBuilder) -> ClassBuilder> = None;
    const EXTENDS: Option<ClassEntryInfo> = None;
    const IMPLEMENTS: &'static [ClassEntryInfo] = &[];
    const FLAGS: ClassFlags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties);

    fn get_metadata() -> &'static ClassMetadata<Self> {
        &METADATA
    }

    fn method_builders() -> Vec<(FunctionBuilder<'static>, MethodFlags)> {
        let method = |name: &str, handler: Handler| FunctionBuilder::new(name, handler);
        let acquire = |name: &str, handler: Handler| {
            method(name, handler)
                .arg(Arg::new("key", DataType::String))
                .arg(Arg::new("workers", DataType::Long))
                .arg(Arg::new("maxqueue", DataType::Long))
                .arg(Arg::new("timeout", DataType::Long))
                .returns(DataType::object(Answer::CLASS_NAME), false, false)
        };
        let release = method("release", release)
            .not_required()
            .arg(Arg::new("key", DataType::String).allow_null())
            .returns(DataType::object(Answer::CLASS_NAME), false, false);
        let stats = method("stats", stats)
            .not_required()
            .arg(Arg::new("name", DataType::String).default("'FULL'"))
            .arg(Arg::new("server", DataType::String).allow_null())
            .returns(DataType::Array, false, false);
        [
            acquire("acquireForMe", acquire_for_me),
            acquire("acquireForAnyone", acquire_for_anyone),
            release,
            stats,
            method("abandon", abandon).returns(DataType::Void, false, false),
            method("close", close).returns(DataType::Void, false, false),
        ]
        .map(|method| (method, MethodFlags::Public))
        .into()
    }

    fn constructor() -> Option<ConstructorMeta<Self>> {
        Some(ConstructorMeta {
            constructor: construct,
            build_fn: |constructor| {
                constructor
                    .not_required()
                    .arg(Arg::new("servers", DataType::String).allow_null())
                    .arg(Arg::new("options", DataType::Array).default("[]"))
            },
            flags: None,
        })
    }

    fn constants() -> &'static [(&'static str, &'static dyn IntoZvalDyn, DocComments, ConstantFlags)] {
        &[]
    }
}

fn construct(call: &mut ExecuteData) -> ConstructorResult<Client> {
    let (message, class) = match make(&Arguments::of(call)) {
        Ok(client) => return ConstructorResult::Ok(client),
        Err(Invalid::Thrown) => return ConstructorResult::ArgError,
        Err(Invalid::Type(message)) => (message, ce::type_error()),
        Err(Invalid::Value(message)) => (message, ce::value_error()),
    };
    let message = format!("{}::__construct(): {message}", Client::CLASS_NAME);
    ConstructorResult::Exception(PhpException::new(message, 0, class))
}

fn make(arguments: &Arguments) -> Result<Client, Invalid> {
    let (servers, options) = arguments.value_and_array().map_err(|Thrown| Invalid::Thrown)?;
    let (configuration, read_timeout) = options::read(servers::named(servers)?, options)?;
    Ok(Client::new(registry::connections(configuration)?, read_timeout))
}

extern "C" fn acquire_for_me(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| acquire(call, answer, Mode::ForMe));
}

extern "C" fn acquire_for_anyone(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| acquire(call, answer, Mode::ForAnyone));
}

fn acquire(call: &mut ExecuteData, answer: &mut Zval, mode: Mode) -> Result<(), Thrown> {
    let (key, numbers) = Arguments::of(call).text_and_three_numbers()?;
    let mut wire = [0; 3];
    for (place, number) in numbers.into_iter().enumerate() {
        let numbered = [2, 3, 4][place];
        wire[place] = u32::try_from(number)
            .map_err(|_| zend::argument_value_error(numbered, c"must be between 0 and 4294967295"))?;
    }
    let [workers, maxqueue, timeout] = wire;
    let acquired = this(call)?.acquire(Wish { mode, key, workers, maxqueue, timeout });
    give(answer, acquired.map_err(failed)?)
}

extern "C" fn release(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| {
        let key = Arguments::of(call).maybe_text()?;
        let released = this(call)?.release(key).map_err(|not| match not {
            NotReleased::NoKey => zend::argument_value_error(1, c"must be given, as nothing was acquired before"),
            NotReleased::NotNewest => zend::argument_value_error(1, c"must be the key of the newest lock"),
            NotReleased::Failed(failure) => failed(failure),
        });
        give(answer, released?)
    });
}

extern "C" fn stats(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| {
        let [name, server] = Arguments::of(call).two_maybe_texts()?;
        let name = name.map_or_else(|| "FULL".to_owned(), |name| String::from_utf8_lossy(&name).into_owned());
        let client = this(call)?;
        let mut array = ZendHashTable::new();
        let mut asked = false;
        for (index, configured) in client.servers().iter().enumerate() {
            if server.as_ref().is_some_and(|server| server != configured.as_bytes()) {
                continue;
            }
            asked = true;
            let text = client.statistics(index, &name).map_err(|failure| match failure {
                Failure::BadKey(_) => zend::argument_value_error(1, c"must be the name of a statistic"),
                failure => failed(failure),
            })?;
            let values = statistics::array(&text).map_err(broken)?;
            array.insert(configured.as_str(), values).map_err(broken)?;
        }
        if !asked {
            return Err(zend::argument_value_error(2, c"must be one of the configured servers"));
        }
        answer.set_hashtable(array);
        Ok(())
    });
}

extern "C" fn abandon(call: &mut ExecuteData, _: &mut Zval) {
    method(|| {
        Arguments::of(call).none()?;
        this(call)?.abandon();
        Ok(())
    });
}

extern "C" fn close(call: &mut ExecuteData, _: &mut Zval) {
    method(|| {
        Arguments::of(call).none()?;
        this(call)?.close();
        Ok(())
    });
}

/// Runs a method; a panic in it becomes an `Error`.
fn method(body: impl FnOnce() -> Result<(), Thrown>) {
    run_handler(AssertUnwindSafe(|| {
        let (Ok(()) | Err(Thrown)) = body();
    }));
}

/// The object, once no PHP code can run any more before the method's end.
fn this(call: &mut ExecuteData) -> Result<&mut Client, Thrown> {
    call.get_object::<Client>().map(|object| &mut **object).ok_or_else(|| {
        PhpException::new("The client was not constructed".to_owned(), 0, ce::error()).throw();
        Thrown
    })
}

fn give(answer: &mut Zval, value: Answer) -> Result<(), Thrown> {
    value.set_zval(answer, false).map_err(broken)
}

#[allow(clippy::needless_pass_by_value)] // For map_err.
fn failed(failure: Failure) -> Thrown {
    exceptions::throw(&failure);
    Thrown
}

#[allow(clippy::needless_pass_by_value)] // For map_err.
fn broken(error: ext_php_rs::error::Error) -> Thrown {
    PhpException::new(error.to_string(), 0, ce::error()).throw();
    Thrown
}
