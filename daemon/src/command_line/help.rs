/// The answer to `--help`.
pub(crate) const HELP: &str = "\
Usage: poolcounterd [OPTIONS]

A network daemon with mutex-like locks and bounded queues.

  -l ADDRESS              listen on this IPv4 or IPv6 address, port 7531 (the last one is used)
  --listen ADDRESS[:PORT] listen there too; may be repeated
  --listen unix:/PATH     listen on a Unix socket; may be repeated
  --unix-mode MODE        permissions of the Unix sockets, in octal (default 0660)
  --max-clients N         serve N clients at a time, and close further connections at once
  --idle-timeout SECONDS  close connections that are idle for this long, at least 10 (default: never)
  --admin unix:/PATH      serve the admin interface there, over HTTP; may be repeated
  --admin ADDRESS:PORT    serve it there for reading only, without authentication; may be repeated
  --admin-name NAME       accept requests that use this host name; may be repeated
  --groups FILE           the rules that say which keys belong together in the figures
  --config FILE           read more options from this file, in TOML; SIGHUP reads it again
  --warn-held SECONDS     log a lock that is held for this long while others wait
  --max-hold SECONDS      disconnect the holder of a lock that is held for this long while others wait
  --drain-on-stop SECONDS on SIGTERM, let clients finish for up to this long (default: stop at once)
  --record-buffer SIZE    keep the latest calls in this much memory, such as 64M, for the stampede lab (default: off)
  --log-level LEVEL       error, warn, info, debug or trace (default warn)
  --help                  print the options and exit
  --version               print the version and exit

Without -l and --listen it listens on 127.0.0.1:7531. A listening socket on standard input, or a TCP socket
that systemd passes (LISTEN_FDS), is used instead of -l.

SIGUSR1: the program file that now stands at the daemon's path takes over, with every connection and lock.
";
