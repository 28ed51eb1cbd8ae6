/** Loads the WebAssembly module. */

/**
 * Compiles it. A browser compiles while it loads only with the type application/wasm, which not every web server sends.
 *
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile() {
  const response = await fetch(new URL('../wasm/poolcounter_lab_bg.wasm', import.meta.url));
  if (!response.ok) {
    throw new Error(`the web server answers ${response.status} for ${response.url}`);
  }
  const known = response.headers.get('content-type')?.startsWith('application/wasm');
  return known ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
