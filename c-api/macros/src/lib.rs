//! The attribute of every function of libpoolcounter.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Makes a Rust function callable from C. The function gets C's calling convention, and its body runs behind the panic
/// boundary, `crate::boundary::contain`. A `pub` function is exported under its own name.
///
/// The function is written without `extern "C"` and `#[unsafe(no_mangle)]`: only this attribute writes them, so no
/// exported function lacks the boundary.
#[proc_macro_attribute]
pub fn c_function(_: TokenStream, function: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = function.into_iter().collect();
    let Some((TokenTree::Group(body), head)) = tokens.split_last() else {
        return rust("compile_error! { \"#[c_function] needs a function with a body\" }");
    };
    let is = |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident.to_string() == word);
    let mut made = TokenStream::new();
    if head.iter().any(|token| is(token, "pub")) {
        made.extend(rust("#[unsafe(no_mangle)]"));
    }
    for token in head {
        if is(token, "fn") {
            made.extend(rust("extern \"C\""));
        }
        made.extend([token.clone()]);
    }
    let mut contained = rust("move ||");
    contained.extend([TokenTree::from(body.clone())]);
    let mut call = rust("crate::boundary::contain");
    call.extend([TokenTree::from(Group::new(Delimiter::Parenthesis, contained))]);
    made.extend([TokenTree::from(Group::new(Delimiter::Brace, call))]);
    made
}

#[allow(clippy::expect_used, reason = "each text is a constant of this file, and is made of whole tokens")]
fn rust(text: &str) -> TokenStream {
    text.parse().expect("a constant of this file")
}
