//! The class `PoolCounter\Client`: the methods of its interface, and its own.

use crate::client::Client;
use crate::interface::{Handler, INTERFACE, METHODS};
use crate::methods::{construct, once};
use crate::zend;
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::class::{ClassEntryInfo, ClassMetadata, ConstructorMeta, RegisteredClass};
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::describe::DocComments;
use ext_php_rs::error::Result;
use ext_php_rs::flags::{ClassFlags, ConstantFlags, DataType, MethodFlags};

static METADATA: ClassMetadata<Client> = ClassMetadata::new(&[]);

/// Makes the class.
pub(crate) fn register() -> Result<()> {
    let methods = Client::method_builders();
    methods
        .into_iter()
        .fold(ClassBuilder::new(Client::CLASS_NAME), |class, (method, flags)| class.method(method, flags))
        .implements(INTERFACE)
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
    const IMPLEMENTS: &'static [ClassEntryInfo] = &[INTERFACE];
    const FLAGS: ClassFlags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties);

    fn get_metadata() -> &'static ClassMetadata<Self> {
        &METADATA
    }

    fn method_builders() -> Vec<(FunctionBuilder<'static>, MethodFlags)> {
        let methods = METHODS.map(|(name, handler, signature)| signature(FunctionBuilder::new(name, handler)));
        let mut methods = Vec::from(methods.map(|method| (method, MethodFlags::Public)));
        let once = FunctionBuilder::new("once", once as Handler);
        let once = once.arg(Arg::new("text", DataType::String)).returns(DataType::Bool, false, false);
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
