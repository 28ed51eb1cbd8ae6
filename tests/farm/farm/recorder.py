"""Records every packet on the servers' wire: recorder.py DEVICE FILE, until SIGTERM. Prints how many the kernel lost.

A record is the time (CLOCK_MONOTONIC, nanoseconds, 8 bytes), a length (4 bytes) and a packet from its IP header on.
"""

import signal
import socket
import struct
import sys
import time

ETH_P_IP = 0x0800
# Only with this protocol number are sent packets recorded, too.
ETH_P_ALL = 3
SOL_PACKET, PACKET_STATISTICS = 263, 6
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
BUFFER = 64 << 20
HEADER = struct.Struct("=qI")


def main():
    """Records."""
    going_on = True

    def end(*_):
        nonlocal going_on
        going_on = False

    signal.signal(signal.SIGTERM, end)
    device, file = sys.argv[1:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as tap, open(file, "wb") as records:
        try:
            tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        except PermissionError:
            # Only root may set a large buffer. Other users have a smaller one, which may overflow on a busy machine.
            tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        # Packets arrive only from now on, and only from this device.
        tap.bind((device, ETH_P_ALL))
        print("records", flush=True)
        while record(tap, records, 0.2) or going_on:
            pass
        _, lost = struct.unpack("=II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    print(lost, flush=True)


def record(tap, records, patience):
    """Waits for a packet and records it: whether there was one."""
    tap.settimeout(patience)
    try:
        packet, ancillary, _, (_, protocol, *_) = tap.recvmsg(65536, 64)
    except TimeoutError:
        return False
    if protocol == ETH_P_IP:
        # The kernel's timestamps of packets are wall-clock time.
        seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2])
        records.write(HEADER.pack(seconds * 1_000_000_000 + nanoseconds - since(), len(packet)) + packet)
    return True


def since():
    """The difference of wall clock and monotonic clock. Repeats if it is interrupted between the two readings."""
    for _ in range(10):
        before, day, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        if after - before < 100_000:
            break
    return day - after


if __name__ == "__main__":
    main()
