//! Makes the JavaScript of a WebAssembly module: `poolcounter_bindgen nodejs|web MODULE.wasm FOLDER`.

use std::error::Error;

use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module, ModuleConfig};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

/// Functions of Rust's library that end a panic, by a part of their mangled names. They do not return.
const PANICS: [&str; 12] = [
    "4core9panicking9panic_fmt",
    "4core9panicking5panic",
    "4core9panicking13panic_display",
    "4core9panicking18panic_bounds_check",
    "4core6option13expect_failed",
    "4core6option13unwrap_failed",
    "4core6result13unwrap_failed",
    "5slice5index16slice_index_fail",
    "17len_mismatch_fail",
    "13assert_failed",
    "panic_already_",
    "rust_begin_unwind",
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, module, folder] = arguments.as_slice() else {
        return Err("usage: poolcounter_bindgen nodejs|web MODULE.wasm FOLDER".into());
    };
    let name = std::path::Path::new(module).file_stem().ok_or("the module has no name")?.to_string_lossy().into_owned();
    let mut module = ModuleConfig::new().generate_name_section(true).parse_file(module)?;
    end_panics(&mut module)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_module(&name, module)
        .typescript(true)
        // Without the path in it, a bare `await init()` fails in a browser.
        .omit_default_module_path(false)
        .encode_into(EncodeInto::Always)
        .remove_name_section(true)
        .remove_producers_section(true);
    match target.as_str() {
        "nodejs" => bindgen.nodejs(true)?,
        "web" => bindgen.web(true)?,
        _ => return Err(format!("unknown target {target}").into()),
    };
    bindgen.generate(folder)?;
    Ok(())
}

/// Makes a panic end the module at once. JavaScript does not show its message, and the code that formats it needs space.
fn end_panics(module: &mut Module) -> Result<(), Box<dyn Error>> {
    let panics = |name: &str| PANICS.iter().any(|part| name.contains(part));
    let local = |kind: &FunctionKind| matches!(kind, FunctionKind::Local(_));
    let found: Vec<FunctionId> = module
        .funcs
        .iter()
        .filter(|function| local(&function.kind) && function.name.as_deref().is_some_and(panics))
        .map(walrus::Function::id)
        .collect();
    if found.is_empty() {
        return Err("the module has no function that ends a panic: their names have changed".into());
    }
    for id in found {
        let (parameters, results) = module.types.params_results(module.funcs.get(id).ty());
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        let locals = parameters.iter().map(|&kind| module.locals.add(kind)).collect();
        let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(locals));
    }
    Ok(())
}
