"""Reading the recorded packets."""

import socket
import struct
import unittest

from farm.packets import Record

CLIENT, SERVER = ("10.0.0.9", 40000), ("10.0.0.1", 7531)
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Wire:
    """A client, a server and the record of their packets. Every packet is one moment later."""

    def __init__(self, port=CLIENT[1]):
        self.record = Record()
        self.client = (CLIENT[0], port)
        self.at = 0
        self._next = {True: 0xFFFFFFF0, False: 77}

    def packet(self, up, flags=ACK, data=b"", number=None):
        """A packet to the server or from it. With a sequence number it is repeated or early."""
        source, target = (self.client, SERVER) if up else (SERVER, self.client)
        known = self._next[up] if number is None else number
        tcp = struct.pack("!HHIIBBHHH", source[1], target[1], known, 0, 5 << 4, flags, 1000, 0, 0) + data
        ip = struct.pack(
            "!BBHHHBBH4s4s",
            0x45,
            0,
            20 + len(tcp),
            0,
            0,
            64,
            6,
            0,
            socket.inet_aton(source[0]),
            socket.inet_aton(target[0]),
        )
        self.at += 1
        # Ethernet fills short packets up.
        self.record.packet(self.at, ip + tcp + b"\0" * 6)
        if number is None:
            self._next[up] = (known + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        return known

    def up(self, text, **more):
        """The client sends."""
        return self.packet(True, data=text.encode(), **more)

    def down(self, text, **more):
        """The server sends."""
        return self.packet(False, data=text.encode(), **more)

    def connect(self):
        """Makes the connection."""
        self.packet(True, SYN)
        self.packet(False, SYN | ACK)
        return self


class Packets(unittest.TestCase):
    """Connections of one client."""

    def setUp(self):
        self.wire = Wire().connect()

    def hold(self):
        """The only lock, with its attributes."""
        (hold,) = self.wire.record.holds
        return hold.number, hold.key, hold.server, hold.end

    def test_section(self):
        """From LOCKED to RELEASE, also if the sequence number wraps round in between."""
        self.wire.up("ACQ4ANY k 1 1000007 3\n")
        self.wire.down("LOCKED\n")
        self.wire.up("RELEASE\n")
        self.wire.down("RELEASED\n")
        self.assertEqual(self.hold(), (1000007, "k", "10.0.0.1", "RELEASE"))
        (hold,) = self.wire.record.holds
        self.assertEqual((hold.opened, hold.locked, hold.freed), (1, 4, 5))
        (asked,) = self.wire.record.asked
        self.assertEqual((asked.timeout, asked.at, asked.answer, asked.answered), (3, 3, "LOCKED", 4))
        self.assertEqual(self.wire.record.oddities, [])

    def test_pieces_and_repeats(self):
        """A line in pieces. The second piece comes first, and each comes twice."""
        first = self.wire.packet(True, SYN, number=0xFFFFFFF0) + 1 & 0xFFFFFFFF
        late = first + 10 & 0xFFFFFFFF
        self.wire.up(" 9 0\n", number=late)
        self.assertEqual(self.wire.record.asked, [])
        for _ in range(2):
            self.wire.up("ACQ4ME k 1", number=first)
            self.wire.up(" 9 0\n", number=late)
        self.wire.down("LOCKED\n")
        self.wire.down("LOCKED\n", number=78)
        self.assertEqual([asked.key for asked in self.wire.record.asked], ["k"])
        self.assertEqual(self.hold(), (9, "k", "10.0.0.1", ""))
        self.assertEqual(self.wire.record.oddities, [])

    def test_end_of_a_connection(self):
        """The lock ends with the connection, whichever side ends it."""
        for up, flags, end in (True, FIN, "FIN"), (True, RST, "RST"), (False, FIN, "server"), (False, RST, "server"):
            self.wire = Wire().connect()
            self.wire.up("ACQ4ME k 1 9 0\n")
            self.wire.down("LOCKED\n")
            self.wire.packet(up, flags)
            self.assertEqual(self.hold()[3], end)

    def test_command_after_the_end(self):
        """A command that crosses the end of its connection on the way is known, too."""
        for flags in FIN, RST:
            self.wire = Wire().connect()
            self.wire.packet(False, flags)
            self.wire.up("ACQ4ME k 1 9 3\n")
            (asked,) = self.wire.record.asked
            self.assertEqual((asked.number, asked.at, asked.too_late), (9, 4, 3))
            self.assertEqual(self.wire.record.oddities, [])

    def test_end_that_is_early(self):
        """A FIN after lost bytes ends the connection when the bytes have come."""
        self.wire.up("ACQ4ME k 1 9 0\n")
        self.wire.down("LOCKED\n")
        self.wire.packet(True, FIN, number=0xFFFFFFF1 + 15 + 8 & 0xFFFFFFFF)
        self.assertEqual(self.hold()[3], "")
        self.wire.up("RELEASE\n")
        self.assertEqual(self.hold()[3], "RELEASE")

    def test_lock_for_nobody(self):
        """A lock for a client that has left begins and ends at the same moment."""
        self.wire.up("ACQ4ME k 1 9 5\n")
        self.wire.packet(True, FIN)
        self.wire.down("LOCKED\n")
        (hold,) = self.wire.record.holds
        self.assertEqual((hold.end, hold.began), ("FIN", hold.ended))

    def test_port_that_comes_again(self):
        """It is another connection."""
        self.wire.up("ACQ4ME k 1 9 5\n")
        self.wire.down("LOCKED\n")
        self.wire.packet(True, SYN)
        self.assertEqual(self.hold()[3], "RST")
        self.wire.packet(False, SYN | ACK)
        self.wire.up("ACQ4ME k 1 10 5\n")
        self.assertEqual(len({asked.connection for asked in self.wire.record.asked}), 2)

    def test_statistics(self):
        """One line, or many to an empty one; what comes next is the next answer."""
        self.wire.up("STATS UPTIME\n")
        self.wire.down("uptime: 1\n")
        self.wire.up("STATS FULL\n")
        self.wire.down("uptime: 1\ntotal_acquired: 1\n")
        self.wire.down("\n")
        self.wire.up("ACQ4ME k 1 9 5\n")
        self.wire.down("TIMEOUT\n")
        self.assertEqual([asked.answer for asked in self.wire.record.asked], ["TIMEOUT"])
        self.assertEqual(self.wire.record.oddities, [])

    def test_oddities(self):
        """Lines that are not part of the protocol."""
        self.wire.down("LOCKED\n")
        self.wire.up("HELLO\n")
        self.wire.up("RELEASE\n")
        self.wire.down("DONE\n")
        self.assertEqual(len(self.wire.record.oddities), 3)
