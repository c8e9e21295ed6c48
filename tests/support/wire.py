"""wire - two network namespaces, joined by a wire that a test cuts, slows down and makes lossy.

    with wire.Wire() as w:
        with w.inside(wire.FAR):        # what is made here lives in the far namespace:
            server.start()              # processes and sockets alike
        w.cut()                         # both ways; w.cut(wire.FAR): what FAR sends is lost
        w.mend()

Each end is a TUN device, and a thread carries the packets between them, so that neither tc nor
its modules are needed and every delay and loss is the test's own.  Between them TCP is the
kernel's.  The addresses are on 127.9.0.0/24, as ringqd listens on loopback alone; neither
namespace has another loopback.

Needs CAP_SYS_ADMIN, CAP_NET_ADMIN and /dev/net/tun: `available()` says what is missing.
SPDX-License-Identifier: MIT
"""
import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import threading
import time

NEAR, FAR = 0, 1
ADDRESSES = ('127.9.0.1', '127.9.0.2')
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000
SIOCSIFADDR, SIOCSIFNETMASK, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8916, 0x891c, 0x8913, 0x8914
IFF_UP = 1
NAME = b'wire0'
PACKET = 65536
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(rc):
    if rc < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))


def _our_namespace():
    return os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def available():
    """'', or why there can be no wire."""
    try:
        Wire().close()
        return ''
    except OSError as e:
        return f'no network namespaces or no /dev/net/tun: {e}; run as root'


def _address(request, address):
    data = struct.pack('16sHH4s8x', NAME, socket.AF_INET, 0, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, request, data)


def _up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name, flags = struct.unpack('16sH', fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack('16sH22x', NAME, 0))[:18])
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack('16sH22x', name, flags | IFF_UP))


def _set(name, value):
    with open(f'/proc/sys/net/ipv4/{name}', 'w', encoding='ascii') as f:
        f.write(str(value))


def _make_end(address):
    """A device with that address in the namespace we are in; its file."""
    tun = os.open('/dev/net/tun', os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH22x', NAME, IFF_TUN | IFF_NO_PI))
    conf = f'conf/{NAME.decode()}'
    _set(f'{conf}/route_localnet', 1)
    _set(f'{conf}/rp_filter', 0)
    with contextlib.suppress(FileNotFoundError):
        _set('tcp_syn_linear_timeouts', 0)  # as Linux was before 6.5: a SYN after 1, 3, 7 s
    _address(SIOCSIFADDR, address)
    _address(SIOCSIFNETMASK, '255.255.255.0')
    _up()
    return tun


class Way:
    """What happens to the packets that one end sends."""

    def __init__(self):
        self.is_cut, self.loss, self.delay_s, self.jitter_s = False, 0.0, 0.0, 0.0
        self.carried = self.lost = 0


class Wire:
    def __init__(self, seed=1):
        self.ways = [Way(), Way()]
        self._random = random.Random(seed)
        self._home = _our_namespace()
        self._spaces, self._tuns = [], []
        try:
            for address in ADDRESSES:
                _checked(_libc.unshare(CLONE_NEWNET))
                self._spaces.append(_our_namespace())
                self._tuns.append(_make_end(address))
        finally:
            _checked(_libc.setns(self._home, CLONE_NEWNET))
        self._stop, self._wake = os.pipe()
        self._carrier = threading.Thread(target=self._carry, daemon=True)
        self._carrier.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        os.close(self._wake)
        self._carrier.join()
        for fd in (*self._tuns, *self._spaces, self._home, self._stop):
            os.close(fd)

    @contextlib.contextmanager
    def inside(self, end):
        """What this thread makes now is made there."""
        _checked(_libc.setns(self._spaces[end], CLONE_NEWNET))
        try:
            yield
        finally:
            _checked(_libc.setns(self._home, CLONE_NEWNET))

    # ---- faults ----

    def _of(self, sender):
        return self.ways if sender is None else [self.ways[sender]]

    def cut(self, sender=None):
        """What `sender` sends is lost; without one, what both send."""
        for way in self._of(sender):
            way.is_cut = True

    def mend(self):
        for way in self.ways:
            way.is_cut, way.loss, way.delay_s, way.jitter_s = False, 0.0, 0.0, 0.0

    def lose(self, share, sender=None):
        for way in self._of(sender):
            way.loss = share

    def slow(self, delay_s, jitter_s=0.0, sender=None):
        """Each packet takes that long, and up to `jitter_s` more: so some overtake others."""
        for way in self._of(sender):
            way.delay_s, way.jitter_s = delay_s, jitter_s

    # ---- the thread ----

    def _carry(self):
        late, number = [], 0  # (when, number, to, packet)
        while True:
            patience = max(0.0, late[0][0] - time.monotonic()) if late else None
            ready, _, _ = select.select([*self._tuns, self._stop], [], [], patience)
            if self._stop in ready:
                return
            for sender, tun in enumerate(self._tuns):
                if tun in ready:
                    number += 1
                    self._take(sender, os.read(tun, PACKET), late, number)
            while late and late[0][0] <= time.monotonic():
                _, _, to, packet = heapq.heappop(late)
                self._give(to, packet)

    def _take(self, sender, packet, late, number):
        way = self.ways[sender]
        if way.is_cut or self._random.random() < way.loss:
            way.lost += 1
            return
        way.carried += 1
        if way.delay_s or way.jitter_s:
            when = time.monotonic() + way.delay_s + self._random.random() * way.jitter_s
            heapq.heappush(late, (when, number, 1 - sender, packet))
        else:
            self._give(1 - sender, packet)

    def _give(self, to, packet):
        with contextlib.suppress(BlockingIOError, OSError):  # a full device loses it, as devices do
            os.write(self._tuns[to], packet)
