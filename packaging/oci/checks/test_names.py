"""Names of hosts: the programs are static, so they look names up by themselves, in /etc/hosts and by DNS."""

from __future__ import annotations

import socket
import struct
import threading
import unittest

import stage

NAME_SERVER = "127.0.0.53"
ADDRESS = "127.7.7.7"
"""What the name server says of every name below known.example."""


class Names(unittest.TestCase):
    """Commands of poolcounterctl that name a server."""

    def setUp(self):
        self.files = stage.engine.folder / self.id()
        self.files.mkdir()
        for name, text in (
            ("hosts", "127.6.6.6 in-the-hosts-file\n"),
            ("resolv.conf", f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:2\n"),
        ):
            (self.files / name).write_text(text)

    def mounts(self):
        for name in ("hosts", "resolv.conf"):
            (stage.image.files / "etc" / name).touch()
            self.addCleanup((stage.image.files / "etc" / name).unlink)
        return [
            {"destination": f"/etc/{name}", "type": "bind", "source": str(self.files / name), "options": ["bind", "ro"]}
            for name in ("hosts", "resolv.conf")
        ]

    def test_of_the_hosts_file_and_of_dns_are_found(self):
        with NameServer() as server, stage.container(mounts=self.mounts()) as container:
            for name in ("in-the-hosts-file", "poolcounter-0.known.example"):
                done = container.ctl("stats", "-s", name)
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("uptime", done.stdout)
            self.assertIn("poolcounter-0.known.example", server.asked)

    def test_that_do_not_exist_are_named_in_the_error(self):
        with NameServer(), stage.container(mounts=self.mounts()) as container:
            for words in (["stats", "-s"], ["check", "--stats"], ["status", "-s"]):
                name = "no-such.example" + (":7532" if words[0] == "status" else "")
                done = container.ctl(*words, name)
                self.assertIn(done.returncode, (2, 69), done)
                self.assertRegex(done.stdout + done.stderr, "no-such.example.*(Name or service not known|No address)")

    def test_without_a_name_server_the_error_comes_in_time(self):
        with stage.container() as container:
            done = container.ctl("stats", "-s", "no-such.example")
            self.assertEqual(done.returncode, 69, done)
            self.assertRegex(done.stderr, "no-such.example.*name resolution")

    def test_the_daemon_listens_at_addresses_only(self):
        with stage.container("-l", "localhost", ready=False) as container:
            self.assertEqual(container.wait(), 1)
            self.assertIn("localhost", "\n".join(container.said()))


class NameServer:
    """A name server for IPv4. It knows all names below known.example."""

    def __init__(self):
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((NAME_SERVER, 53))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (NAME_SERVER, 53))
        self._thread.join(timeout=60)
        self._socket.close()

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(512)
            if not question:
                return
            labels, place = [], 12
            while question[place]:
                labels.append(question[place + 1 : place + 1 + question[place]].decode())
                place += question[place] + 1
            name, (kind,) = ".".join(labels), struct.unpack(">H", question[place + 1 : place + 3])
            self.asked.append(name)
            known = name.endswith("known.example")
            answer = b""
            if known and kind == 1:
                answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(ADDRESS)
            head = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, 1 if answer else 0, 0, 0)
            self._socket.sendto(head + question[12 : place + 5] + answer, client)
