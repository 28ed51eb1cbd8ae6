//! Makes the JavaScript of a WebAssembly module: `poolcounter_bindgen nodejs|web MODULE.wasm FOLDER`.

use std::error::Error;

use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, module, folder] = arguments.as_slice() else {
        return Err("usage: poolcounter_bindgen nodejs|web MODULE.wasm FOLDER".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
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
