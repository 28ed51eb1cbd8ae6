//! The methods of `PoolCounter\Client`: arguments in, answers or exceptions out.

use crate::answer::Answer;
use crate::client::{Client, NotReleased};
use crate::options::Invalid;
use crate::zend::{Arguments, Thrown};
use crate::{exceptions, once as said, options, registry, servers, statistics, zend};
use ext_php_rs::class::{ConstructorResult, RegisteredClass};
use ext_php_rs::convert::IntoZval;
use ext_php_rs::exception::PhpException;
use ext_php_rs::types::{ZendHashTable, Zval};
use ext_php_rs::zend::{ExecuteData, ce, run_handler};
use poolcounter::client::Failure;
use poolcounter::protocol::Mode;
use std::panic::AssertUnwindSafe;

/// The constructor.
pub(crate) fn construct(call: &mut ExecuteData) -> ConstructorResult<Client> {
    let (message, class) = match make(&Arguments::of(call)) {
        Ok(client) => return ConstructorResult::Ok(client),
        Err(Invalid::Thrown) => return ConstructorResult::ArgError,
        Err(Invalid::Type(message)) => (message, ce::type_error()),
        Err(Invalid::Value(message)) => (message, ce::value_error()),
    };
    // PHP takes a message as a C string.
    let message = format!("{}::__construct(): {}", Client::CLASS_NAME, message.replace('\0', "\\0"));
    ConstructorResult::Exception(PhpException::new(message, 0, class))
}

fn make(arguments: &Arguments) -> Result<Client, Invalid> {
    let (servers, options) = arguments.value_and_array().map_err(|Thrown| Invalid::Thrown)?;
    let (configuration, answer_timeout) = options::read(servers::named(servers)?, options)?;
    Ok(Client::new(registry::connections(configuration)?, answer_timeout))
}

pub(crate) extern "C" fn acquire_for_me(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| acquire(call, answer, Mode::ForMe));
}

pub(crate) extern "C" fn acquire_for_anyone(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| acquire(call, answer, Mode::ForAnyone));
}

fn acquire(call: &mut ExecuteData, answer: &mut Zval, mode: Mode) -> Result<(), Thrown> {
    let (key, numbers) = Arguments::of(call).text_and_three_numbers()?;
    let mut checked = [0; 3];
    for ((checked, number), position) in checked.iter_mut().zip(numbers).zip(2..) {
        *checked = u32::try_from(number)
            .map_err(|_| zend::argument_value_error(position, c"must be between 0 and 4294967295"))?;
    }
    let acquired = this(call)?.acquire(key, mode, checked);
    give(answer, acquired.map_err(failed)?)
}

pub(crate) extern "C" fn release(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| {
        let key = Arguments::of(call).maybe_text()?;
        let released = this(call)?.release(key).map_err(|not| match not {
            NotReleased::NoKey => zend::argument_value_error(1, c"must be given, as nothing was acquired before"),
            NotReleased::Failed(failure) => failed(failure),
        });
        give(answer, released?)
    });
}

pub(crate) extern "C" fn stats(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| {
        let [name, server] = Arguments::of(call).two_maybe_texts()?;
        let name = name.map_or_else(|| "FULL".to_owned(), |name| String::from_utf8_lossy(&name).into_owned());
        let client = this(call)?;
        let mut servers = client.servers().into_iter().enumerate().collect::<Vec<_>>();
        servers.retain(|(_, known)| server.as_ref().is_none_or(|server| server == known.as_bytes()));
        if servers.is_empty() {
            return Err(zend::argument_value_error(2, c"must be one of the configured servers"));
        }
        let mut array = ZendHashTable::new();
        for (index, server) in servers {
            let text = client.statistics(index, &name).map_err(|failure| match failure {
                Failure::BadStatistic(_) => zend::argument_value_error(1, c"must be the name of a statistic"),
                failure => failed(failure),
            })?;
            let values = statistics::array(&text).map_err(broken)?;
            array.insert(server.as_str(), values).map_err(broken)?;
        }
        answer.set_hashtable(array);
        Ok(())
    });
}

pub(crate) extern "C" fn last_server(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| {
        Arguments::of(call).none()?;
        this(call)?.last_server().set_zval(answer, false).map_err(broken)
    });
}

pub(crate) extern "C" fn once(call: &mut ExecuteData, answer: &mut Zval) {
    method(|| {
        answer.set_bool(said::first_time(&Arguments::of(call).text()?));
        Ok(())
    });
}

pub(crate) extern "C" fn abandon(call: &mut ExecuteData, _: &mut Zval) {
    method(|| {
        Arguments::of(call).none()?;
        this(call)?.abandon();
        Ok(())
    });
}

pub(crate) extern "C" fn close(call: &mut ExecuteData, _: &mut Zval) {
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
