"""nginx, in front of an admin interface that is a Unix socket."""

import contextlib

from loopback import free_address
from stage import places
from stage.process import Process

from . import web
from .places import KIT

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ }}
http {{
    proxy_temp_path {folder}/proxy;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {kit};
}}
"""


class Proxy:
    """nginx with the kit's own block, in front of a Unix socket."""

    def __init__(self, folder, socket):
        """Starts it."""
        folder.mkdir()
        self.server = f"{free_address()}:7532"
        kit = (KIT / "nginx.conf").read_text()
        for old, new in (("127.0.0.1:7532", self.server), ("/run/poolcounter/admin", str(socket))):
            if kit.count(old) != 1:
                raise AssertionError(f"{old} is there {kit.count(old)} times")
            kit = kit.replace(old, new)
        (folder / "kit.conf").write_text(kit)
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, kit=folder / "kit.conf"))
        program, environment = places.server("nginx", "usr/sbin/nginx")
        command = [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"]
        self._process = Process(command, folder / "nginx.out", environment)
        self._process.ready(self._answers, "answers")

    def stop(self):
        """Ends it."""
        self._process.stop()

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(web.get(self.server, "/metrics"))
        return False
