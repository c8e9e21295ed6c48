#!/usr/bin/env python3
"""clock_test - somebody sets the wall clock, by hours and by years, while jobs are leased, delayed
and waited for: nothing that counts seconds notices.  support/wall.c moves the clock.

SPDX-License-Identifier: MIT
"""
import mmap
import os
import pathlib
import struct
import threading
import time
import unittest

import ringqd

SOON = 3.0 if ringqd.IS_SANITIZED else 1.0
WALL = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'tests/libwall.so'
HOUR_S, YEAR_S = 3600, 365 * 86400
STEPS_S = (HOUR_S, -HOUR_S, 10 * YEAR_S, -10 * YEAR_S)


@unittest.skipUnless(WALL.exists(), f'{WALL} is not built')
class Clock(ringqd.Test):
    durability = 'redis'

    def setUp(self):
        super().setUp()
        path = self.directory / 'shift'
        path.write_bytes(bytes(8))
        with open(path, 'r+b') as f:
            self._shift = mmap.mmap(f.fileno(), 8)
        # ASan wants to be the first library; it is content with being the first that matters.
        self.env = {'LD_PRELOAD': str(WALL), 'RINGQ_WALL': str(path),
                    'ASAN_OPTIONS': 'detect_leaks=1:verify_asan_link_order=0:detect_stack_use_after_return=0'}

    def step(self, seconds):
        """The wall clock is that much later than the true time."""
        self._shift[:] = struct.pack('<q', int(seconds * 1e9))

    def step_through(self):
        for seconds in STEPS_S:
            self.step(seconds)
            time.sleep(0.05)  # the server may look at the clock, or not

    def begin(self):
        server = self.start(env=self.env)
        client = server.client()
        self.addCleanup(client.close)
        return server, client

    def comes_after(self, c, queue, begin, seconds):
        """The next job of the queue comes so long after `begin`."""
        self.assertIsNotNone(c.get(queue, 'BLOCK', 30000))
        waited = time.monotonic() - begin
        self.assertGreaterEqual(waited, seconds - 0.02)
        self.assertLess(waited, seconds + SOON)

    def test_the_clock_of_the_server_is_moved(self):
        """Or the rest would prove nothing: the log's time stamps are of the wall."""
        self.step(10 * YEAR_S)
        server, _ = self.begin()
        self.assertIn(str(time.gmtime(time.time() + 10 * YEAR_S).tm_year), server.log_text().split()[0])

    def test_leases_run_out_when_they_should(self):
        """One for each step, all at once: the clock goes from one to the next meanwhile."""
        _, c = self.begin()
        begins = []
        for number in range(len(STEPS_S)):
            c.put(f'q{number}', 'x')
            begins.append(time.monotonic())
            c.get(f'q{number}', 'TTR', 1000)
        self.step_through()
        for number, begin in enumerate(begins):
            self.comes_after(c, f'q{number}', begin, 1)

    def test_a_lease_can_be_prolonged_and_ended(self):
        _, c = self.begin()
        for seconds in STEPS_S:
            c.put('q', 'x')
            lease = c.get('q', 'TTR', 5000)['lease']
            self.step(seconds)
            c.call('TOUCH', lease)
            c.done(lease)

    def test_delays_last_as_long_as_they_should(self):
        _, c = self.begin()
        for seconds in STEPS_S:
            self.step(seconds)
            begin = time.monotonic()
            c.put('q', 'x', 'DELAY', 500)
            self.step_through()
            self.comes_after(c, 'q', begin, 0.5)

    def test_waits_end_when_they_should(self):
        _, c = self.begin()
        begin = time.monotonic()
        c.send('GET', 'empty', 'BLOCK', 500)
        self.step_through()
        self.assertIsNone(c.read())
        waited = time.monotonic() - begin
        self.assertGreaterEqual(waited, 0.48)
        self.assertLess(waited, 0.5 + SOON)

    def test_a_clock_that_creeps_back_all_the_time(self):
        _, c = self.begin()
        over = threading.Event()

        def creep():
            shift = 0.0
            while not over.wait(0.002):
                shift -= 0.001
                self.step(shift)
        thread = threading.Thread(target=creep)
        thread.start()
        try:
            for i in range(3):
                begin = time.monotonic()
                c.put('q', str(i), 'DELAY', 300)
                self.comes_after(c, 'q', begin, 0.3)
        finally:
            over.set()
            thread.join()

    def test_a_restart_in_another_year_keeps_all_jobs(self):
        for seconds in STEPS_S:
            with self.subTest(seconds=seconds):
                self.step(0)
                server = self.start(env=self.env, name=f'ringqd{seconds}')
                with server.client() as c:
                    c.put('q', 'ready')
                    c.put('q', 'delayed', 'DELAY', 300_000)
                    c.put('leased', 'leased')
                    lease = c.get('leased')['lease']
                server.kill()
                self.step(seconds)
                server.start()
                with server.client() as c:
                    self.assertEqual(c.stats('q')['ready'] + c.stats('q')['delayed'], 2)
                    self.assertEqual(c.get('q')['body'], b'ready')
                    self.refuses(c, 'STALE', 'DONE', lease)
                    self.assertEqual(c.get('leased')['body'], b'leased')
                server.kill()


if __name__ == '__main__':
    ringqd.main()
