//! The live page. Its files are served from memory, and it loads nothing from elsewhere.
//!
//! The page stands at `/`, its other files below `/page/`. All addresses in it are relative, so that it works behind a proxy, below any path.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    /// The value of `Content-Type`.
    pub(super) content_type: &'static str,
    /// What is sent.
    pub(super) body: &'static [u8],
}

/// The value of `Content-Security-Policy` for every file: what is not served here is neither loaded nor run, and no other site may frame the page.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// The files by their paths. The tests compare them with the folder.
const FILES: &[(&str, File)] = &[
    ("/", file(HTML, include_bytes!("index.html"))),
    ("/page/icon.svg", file(SVG, include_bytes!("icon.svg"))),
    ("/page/page.css", file(CSS, include_bytes!("page.css"))),
    ("/page/js/ages.js", file(SCRIPT, include_bytes!("js/ages.js"))),
    ("/page/js/api.js", file(SCRIPT, include_bytes!("js/api.js"))),
    ("/page/js/chart.js", file(SCRIPT, include_bytes!("js/chart.js"))),
    ("/page/js/curves.js", file(SCRIPT, include_bytes!("js/curves.js"))),
    ("/page/js/detail.js", file(SCRIPT, include_bytes!("js/detail.js"))),
    ("/page/js/dom.js", file(SCRIPT, include_bytes!("js/dom.js"))),
    ("/page/js/facts.js", file(SCRIPT, include_bytes!("js/facts.js"))),
    ("/page/js/groups.js", file(SCRIPT, include_bytes!("js/groups.js"))),
    ("/page/js/history.js", file(SCRIPT, include_bytes!("js/history.js"))),
    ("/page/js/hot.js", file(SCRIPT, include_bytes!("js/hot.js"))),
    ("/page/js/main.js", file(SCRIPT, include_bytes!("js/main.js"))),
    ("/page/js/numbers.js", file(SCRIPT, include_bytes!("js/numbers.js"))),
    ("/page/js/poller.js", file(SCRIPT, include_bytes!("js/poller.js"))),
    ("/page/js/records.js", file(SCRIPT, include_bytes!("js/records.js"))),
    ("/page/js/speaker.js", file(SCRIPT, include_bytes!("js/speaker.js"))),
    ("/page/js/status.js", file(SCRIPT, include_bytes!("js/status.js"))),
    ("/page/js/text.js", file(SCRIPT, include_bytes!("js/text.js"))),
    ("/page/js/view.js", file(SCRIPT, include_bytes!("js/view.js"))),
    ("/page/vendor/uPlot.LICENSE", file(TEXT, include_bytes!("vendor/uPlot.LICENSE"))),
    ("/page/vendor/uPlot.esm.js", file(SCRIPT, include_bytes!("vendor/uPlot.esm.js"))),
    ("/page/vendor/uPlot.min.css", file(CSS, include_bytes!("vendor/uPlot.min.css"))),
];

const fn file(content_type: &'static str, body: &'static [u8]) -> File {
    File { content_type, body }
}

/// The file with this path, which begins with `/` and has no query.
#[must_use]
pub(super) fn find(path: &str) -> Option<File> {
    FILES.iter().find(|(known, _)| *known == path).map(|&(_, file)| file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::{fs, io};

    /// The files below a folder of the page, by the paths under which they are served.
    fn served(folder: &Path, below: &str) -> io::Result<Vec<String>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{below}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                paths.extend(served(&entry.path(), &path)?);
            } else if path == "/page/index.html" {
                paths.push("/".into());
            } else if path != "/page/mod.rs" && path != "/page/js/types.js" {
                paths.push(path);
            }
        }
        Ok(paths)
    }

    #[test]
    fn every_file_of_the_folder_is_served() -> io::Result<()> {
        let mut folder = served(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/page"), "/page")?;
        let mut table: Vec<String> = FILES.iter().map(|&(path, _)| path.into()).collect();
        folder.sort();
        table.sort();
        assert_eq!(folder, table);
        Ok(())
    }

    #[test]
    fn only_whole_paths_are_found() {
        assert!(find("/").is_some_and(|file| file.content_type == HTML && file.body.starts_with(b"<!doctype html>")));
        assert!(find("/page/js/main.js").is_some_and(|file| file.content_type == SCRIPT));
        for path in ["", "/page", "/page/", "/page/js/", "/page/../page/page.css", "/page/mod.rs", "page/page.css"] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
