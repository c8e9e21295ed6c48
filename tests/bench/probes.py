"""probes - what is measured beside the load: system calls of a process, and what the disk and
the memory of this machine can do.

SPDX-License-Identifier: MIT
"""
import functools
import os
import shutil
import subprocess
import tempfile
import time

EVENT = 'raw_syscalls:sys_enter'
MIB = 1 << 20


@functools.lru_cache(maxsize=None)
def why_no_syscalls():
    """None: they can be counted here."""
    if not shutil.which('perf'):
        return 'no perf: apt-get install linux-perf'
    tried = subprocess.run(['perf', 'stat', '-e', EVENT, 'true'], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f'perf cannot count {EVENT}: be root, or see kernel.perf_event_paranoid'


class SyscallRates:
    """System calls a second of processes by name, counted by the kernel at the entry of each,
    which slows nothing down as strace would: from `after` seconds on, for `seconds`."""

    def __init__(self, processes, after, seconds):
        self.seconds, self.counters = seconds, {}
        for name, pid in processes.items():
            # perf counts while its command runs, from --delay on.
            command = ['perf', 'stat', '-x', ',', '-e', EVENT, '-p', str(pid), '--delay', str(int(after * 1000)),
                       'sleep', str(after + seconds)]
            self.counters[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def result(self):
        """{name: calls a second}"""
        rates = {}
        for name, counter in self.counters.items():
            row = next(line for line in counter.communicate()[1].splitlines() if EVENT in line)
            count = row.split(',')[0]
            # Of a process that has slept all the while it says "<not counted>".
            rates[name] = int(count) / self.seconds if count.isdigit() else 0
        return rates


def disk_bytes_per_second(seconds):
    """How fast a file can be appended to and synced here: write() and fdatasync() of 1 MiB, where
    the servers have their files too."""
    block, written = os.urandom(MIB), 0
    with tempfile.NamedTemporaryFile(prefix='rqb-', buffering=0) as f:
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            written += f.write(block)
            os.fdatasync(f.fileno())
        return written / (time.monotonic() - begin)


def copied_bytes_per_second(seconds):
    """How fast one core copies memory that is not in its cache."""
    source, target, copied = bytearray(64 * MIB), bytearray(64 * MIB), 0
    begin = time.monotonic()
    while copied == 0 or time.monotonic() < begin + seconds:
        target[:] = source
        copied += len(source)
    return copied / (time.monotonic() - begin)
