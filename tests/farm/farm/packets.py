"""Reads the recorded packets: connections with their requests, answers and locks, as the servers saw them."""

import collections
import dataclasses
import socket
import struct

from .recorder import HEADER

PORT = 7531
_FIN, _SYN, _RST = 1, 2, 4


@dataclasses.dataclass(eq=False)
class Asked:
    """An acquire that was sent to a server."""

    number: int
    key: str
    server: str
    connection: int
    timeout: int
    at: int
    answer: str = ""
    answered: int = 0
    too_late: int = 0
    """When the server ended the connection, if the command came after that."""


@dataclasses.dataclass(eq=False)
class Hold:
    """A lock that a server granted: from the packet with LOCKED to the packet that ended the lock.

    Times are nanoseconds. `began` and `ended` are indices of packets in the record, which is in the order of cause and
    effect.
    """

    number: int
    key: str
    server: str
    connection: int
    opened: int
    """When its connection was made, which shows the process of the server."""
    locked: int
    began: int
    freed: int = 0
    ended: int = 0
    end: str = ""
    """`RELEASE`, `FIN` or `RST` of the client; `server` if the server closed the connection; empty without an end."""


class _Stream:
    """One direction of a connection, reassembled from packets that may be repeated or out of order."""

    def __init__(self):
        self._next = None
        self._early = {}
        self._rest = b""

    def begin(self, number):
        """The number of its SYN."""
        self._next = (number + 1) & 0xFFFFFFFF

    def add(self, number, data, fin):
        """Adds a packet's bytes. Returns the lines that are complete now, and whether the stream has ended."""
        if self._next is None:
            return [], False
        self._early[number] = max(
            self._early.get(number, (b"", False)), (data, fin), key=lambda piece: (len(piece[0]), piece[1])
        )
        over = False
        progress = True
        while progress:
            progress = False
            for start in list(self._early):
                data, fin = self._early[start]
                known = (self._next - start) & 0xFFFFFFFF
                if known >= 0x80000000:
                    continue
                del self._early[start]
                if known < len(data) or (known == len(data) and fin):
                    self._rest += data[known:]
                    self._next = (start + len(data)) & 0xFFFFFFFF
                    over = over or fin
                    progress = True
        *lines, self._rest = self._rest.split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines], over


class _Connection:
    """A connection, with its unanswered requests and its locks."""

    def __init__(self, identity, server, opened, first):
        self.identity = identity
        self.server = server
        self.opened = opened
        self.first = first
        self.to_server, self.to_client = _Stream(), _Stream()
        self.to_server.begin(first)
        self.open = True
        self.ended = 0
        """When the server ended it."""
        self.to_server_over = False
        self.waiting = collections.deque()
        self.holds = []


class Record:
    """Everything that was recorded."""

    def __init__(self):
        self.asked = []
        self.holds = []
        self.oddities = []
        """Lines that are not part of the protocol."""
        self.packets = 0
        self._connections = {}
        self._made = 0

    @classmethod
    def read(cls, file):
        """That of a file."""
        record = cls()
        with open(file, "rb") as records:
            while header := records.read(HEADER.size):
                at, length = HEADER.unpack(header)
                record.packet(at, records.read(length))
        return record

    def packet(self, at, packet):
        """Adds the next packet, from its IP header on."""
        length = (packet[0] & 15) * 4
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            return
        self.packets += 1
        source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        segment = packet[length : int.from_bytes(packet[2:4], "big")]
        sport, dport, number, _, offset, flags = struct.unpack("!HHIIBB", segment[:14])
        data = segment[(offset >> 4) * 4 :]
        if dport == PORT:
            self._from_client(at, (source, sport, target), number, flags, data)
        elif sport == PORT:
            self._from_server(at, (target, dport, source), number, flags, data)

    def _from_client(self, at, ends, number, flags, data):
        connection = self._connections.get(ends)
        if flags & _SYN:
            # A repeated one has the same number.
            if connection is None or connection.first != number:
                if connection is not None:
                    self._over(connection, at, "RST")
                self._made += 1
                self._connections[ends] = _Connection(self._made, ends[2], at, number)
            return
        # A command may cross the end of its connection on the way.
        if connection is None or not (connection.open or connection.ended):
            return
        lines, over = connection.to_server.add(number, data, bool(flags & _FIN))
        for line in lines:
            self._command(connection, at, line)
        if flags & _RST:
            self._over(connection, at, "RST")
        elif over:
            self._over(connection, at, "FIN", False)

    def _from_server(self, at, ends, number, flags, data):
        connection = self._connections.get(ends)
        if connection is None or not connection.open:
            return
        if flags & _SYN:
            connection.to_client.begin(number)
            return
        # Bytes after the client's FIN are still answers: a lock may have been granted at that moment.
        lines, over = connection.to_client.add(number, data, bool(flags & _FIN))
        for line in lines:
            self._answer(connection, at, line)
        if over or flags & _RST:
            connection.ended = at
            self._over(connection, at, "server")

    def _command(self, connection, at, line):
        words = line.split(" ")
        if words[0] in ("ACQ4ME", "ACQ4ANY"):
            _, key, _, number, timeout = words
            asked = Asked(int(number), key, connection.server, connection.identity, int(timeout), at)
            asked.too_late = connection.ended
            self.asked.append(asked)
            connection.waiting.append(asked)
        elif words[0] == "RELEASE":
            connection.waiting.append("RELEASE")
            if connection.holds:
                self._end(connection.holds.pop(), at, "RELEASE")
        elif words[0] == "STATS":
            connection.waiting.append(line)
        else:
            self.oddities.append(f"a client said {line!r} to {connection.server}")

    def _answer(self, connection, at, line):
        if not connection.waiting:
            self.oddities.append(f"{connection.server} said {line!r} unasked")
            return
        question = connection.waiting[0]
        if question != "STATS FULL" or not line:
            connection.waiting.popleft()
        if isinstance(question, Asked):
            question.answer, question.answered = line, at
            if line == "LOCKED":
                hold = Hold(
                    question.number,
                    question.key,
                    connection.server,
                    connection.identity,
                    connection.opened,
                    at,
                    self.packets,
                )
                self.holds.append(hold)
                # A client that left before the answer came has no lock: the server will notice this next.
                if connection.to_server_over:
                    self._end(hold, at, "FIN")
                else:
                    connection.holds.append(hold)
        elif question == "RELEASE" and line not in ("RELEASED", "NOT_LOCKED"):
            self.oddities.append(f"{connection.server} answered {line!r} to RELEASE")

    def _over(self, connection, at, how, both=True):
        """The connection ends, or only its direction to the server."""
        connection.to_server_over = True
        connection.open = connection.open and not both
        while connection.holds:
            self._end(connection.holds.pop(), at, how)

    def _end(self, hold, at, how):
        hold.freed, hold.ended, hold.end = at, self.packets, how
