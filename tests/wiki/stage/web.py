"""php-fpm with a fixed number of workers, behind nginx; both private, both in the foreground."""

import contextlib
import http.client
import random
import socket

from . import places
from .process import Process, children, cpu_seconds
from .waiting import until

_MODULES = ("pdo", "pdo_sqlite", "mbstring", "ctype", "dom", "fileinfo", "iconv", "intl", "posix", "simplexml", "tokenizer",
            "xml", "xmlreader", "xmlwriter")

_FPM = """
[global]
daemonize = no
error_log = {folder}/fpm.log
[wiki]
listen = {folder}/fpm.sock
listen.mode = 0666
listen.backlog = 511
pm = static
pm.max_children = {workers}
request_terminate_timeout = 0
catch_workers_output = yes
clear_env = no
env[MW_CONFIG_FILE] = {folder}/conf/LocalSettings.php
"""

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            fastcgi_pass unix:{folder}/fpm.sock;
            fastcgi_read_timeout 180s;
            fastcgi_buffers 64 16k;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param SERVER_NAME 127.0.0.1;
            fastcgi_param SERVER_PORT {port};
            fastcgi_param SERVER_PROTOCOL $server_protocol;
            fastcgi_param SCRIPT_NAME $fastcgi_script_name;
            fastcgi_param SCRIPT_FILENAME {code}$fastcgi_script_name;
        }}
        location ~ ^/(resources|skins|extensions)/.*\\.(css|js|svg|png|gif|ico)$ {{
            root {code};
            types {{ text/css css; application/javascript js; image/svg+xml svg; image/png png; image/gif gif; }}
        }}
    }}
}}
"""


def php_ini(folder, with_poolcounter=True):
    """Writes a php.ini that depends on nothing of the machine's own configuration, or adds to that of installed packages."""
    path = folder / "php.ini"
    lines = ["opcache.revalidate_freq=0", "opcache.memory_consumption=96", "memory_limit=256M",
             "max_execution_time=0", "display_errors=stderr", "error_reporting=-1", f"error_log={folder}/php-errors.log"]
    if not places.INSTALLED:
        modules = places.php_modules()
        lines += ["zend_extension=opcache", *(f"extension={module}" for module in _MODULES if (modules / f"{module}.so").exists())]
        if with_poolcounter:
            lines.append(f"extension={places.php_extension()}")
    path.write_text("\n".join(lines) + "\n")
    return path


def free_port():
    """A port that is free now, outside of the range from which the system assigns ports."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(10000, 32768)))
            return probe.getsockname()[1]


def _listens(path):
    """Whether a process listens on a Unix socket; its file exists a moment earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class Web:
    """Serves a wiki's folder."""

    def __init__(self, folder, code, port, workers, keep=False):
        self._workers = workers
        self._port = port
        values = {"folder": folder, "code": code, "port": port, "workers": workers}
        (folder / "fpm.conf").write_text(_FPM.format(**values))
        (folder / "nginx.conf").write_text(_NGINX.format(**values))
        fpm, environment = places.php_fpm()
        command = [fpm, "-R", "-F", "-y", folder / "fpm.conf", "-c", folder / "php.ini"]
        self._fpm = Process(command, folder / "fpm.out", {**environment, **places.PHP_ENVIRONMENT}, keep)
        self._fpm.ready(lambda: _listens(folder / "fpm.sock"), "listens")
        nginx, environment = places.server("nginx", "usr/sbin/nginx")
        command = [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"]
        self._nginx = Process(command, folder / "nginx.out", environment, keep)
        self._nginx.ready(self._answers, "listens")

    @property
    def pids(self):
        """The ids of the two servers."""
        return [self._nginx.pid, self._fpm.pid]

    def workers(self):
        """The ids of PHP's workers."""
        return until(self._all_workers, f"{self._workers} workers of php-fpm")

    def cpu_seconds(self):
        """CPU time that PHP's workers have spent so far."""
        return sum(cpu_seconds(pid) for pid in self.workers())

    def stop(self):
        """Ends both."""
        self._nginx.stop()
        self._fpm.stop()

    def _all_workers(self):
        workers = children(self._fpm.pid)
        return workers if len(workers) == self._workers else None

    def _answers(self):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
            connection.request("GET", "/skins/")
            return bool(connection.getresponse().status)
        return False
