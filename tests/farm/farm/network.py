"""Three network namespaces: clients, a router between, servers. The router can cut a server off.

The caller runs in the router's namespace. Packets that the router drops do not reach the servers' device, so the record
has exactly the packets that the servers received and sent.
"""

import contextlib
import os
import pathlib
import subprocess

SERVERS = ("10.77.2.1", "10.77.2.2", "10.77.2.3")
WIRE = "wire"
"""The servers' network device."""

_PATIENCE = 20


class Network:
    """The namespaces. Each has a keeper process, which ends with this object; the namespace ends with its keeper."""

    def __init__(self, servers=SERVERS):
        self._keepers = contextlib.ExitStack()
        with contextlib.ExitStack() as unless_made:
            unless_made.callback(self.close)
            _ip("link set lo up")
            pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            self.clients = self._namespace("10.77.1.254/24", "10.77.1.1/24")
            self.servers = self._namespace("10.77.2.254/24", *(f"{address}/24" for address in servers))
            unless_made.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the namespaces, once nothing runs in them any more."""
        self._keepers.close()

    @staticmethod
    def within(namespace, command):
        """A command line that runs a command in a namespace."""
        return ["nsenter", "--net", "--target", str(namespace), *command]

    @staticmethod
    def cut(server):
        """Loses every packet to and from a server from now on."""
        for end in ("-d", "-s"):
            _drop(end, server)

    @staticmethod
    def mend(server):
        """Stops losing packets."""
        for end in ("-d", "-s"):
            _run("iptables", "--wait", "-D", "FORWARD", end, server, "-j", "DROP")

    @staticmethod
    def swallow(server):
        """Loses the packets that begin a connection to a server, and no others."""
        _drop("-d", server, "-p", "tcp", "--syn")

    @staticmethod
    def lose_one(server):
        """Loses the next packet to a server, and no other."""
        _drop("-d", server, "-m", "statistic", "--mode", "nth", "--every", "1000000000", "--packet", "0")

    def _namespace(self, router, *addresses):
        """A namespace with these addresses behind one of the router: the process id of its keeper."""
        keeper = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._keepers.callback(_end, keeper)
        # It prints a line once it is in its namespace.
        keeper.stdout.readline()
        device = f"to-{keeper.pid}"
        _ip(f"link add {device} type veth peer name {WIRE} netns {keeper.pid}")
        _ip(f"address add {router} dev {device}")
        _ip(f"link set {device} up")
        inside = Network.within(keeper.pid, [])
        _ip("link set lo up", inside)
        _ip(f"link set {WIRE} up", inside)
        for address in addresses:
            _ip(f"address add {address} dev {WIRE}", inside)
        _ip(f"route add default via {router.partition('/')[0]}", inside)
        return keeper.pid


def namespace_of(pid):
    """An identifier of a process's network namespace."""
    return os.readlink(f"/proc/{pid}/ns/net")


def _end(keeper):
    keeper.stdin.close()
    keeper.wait(timeout=_PATIENCE)
    keeper.stdout.close()


def _drop(*packets):
    _run("iptables", "--wait", "-A", "FORWARD", *packets, "-j", "DROP")


def _ip(words, before=()):
    _run(*before, "ip", *words.split())


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
