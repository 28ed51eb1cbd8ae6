//! The class `PoolCounter\Client`: the names and types of its methods.

use crate::answer::Answer;
use crate::client::Client;
use crate::methods::{
    abandon, acquire_for_anyone, acquire_for_me, close, construct, last_server, once, release, stats,
};
use crate::zend;
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::class::{ClassEntryInfo, ClassMetadata, ConstructorMeta, RegisteredClass};
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::describe::DocComments;
use ext_php_rs::error::Result;
use ext_php_rs::flags::{ClassFlags, ConstantFlags, DataType, MethodFlags};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ExecuteData;

static METADATA: ClassMetadata<Client> = ClassMetadata::new(&[]);

type Handler = extern "C" fn(&mut ExecuteData, &mut Zval);

/// Makes the class.
pub(crate) fn register() -> Result<()> {
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
        let once = method("once", once).arg(Arg::new("text", DataType::String)).returns(DataType::Bool, false, false);
        let methods = [
            acquire("acquireForMe", acquire_for_me),
            acquire("acquireForAnyone", acquire_for_anyone),
            release,
            stats,
            method("lastServer", last_server).returns(DataType::String, false, true),
            method("abandon", abandon).returns(DataType::Void, false, false),
            method("close", close).returns(DataType::Void, false, false),
        ];
        let mut methods = Vec::from(methods.map(|method| (method, MethodFlags::Public)));
        methods.push((once, MethodFlags::Public | MethodFlags::Static));
        methods
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
