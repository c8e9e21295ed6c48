#!/usr/bin/env python3
"""faults_test - a Redis that refuses: full, read-only, its disk full.  What the client is told,
that the ends of jobs are kept, and how soon the service is back when the fault is over.

SPDX-License-Identifier: MIT
"""
import contextlib
import os
import re
import subprocess
import time

import resp
import ringqd

# Of a sanitized server on a loaded machine everything takes longer.
SOON = 3.0 if ringqd.IS_SANITIZED else 1.0


class Faults(ringqd.Test):
    durability = 'redis'

    def try_put(self, c):
        try:
            return c.put('q', 'x') and 'OK'
        except resp.Error as e:
            return e.code

    def until_put(self, c, wanted):
        """Puts until the answer is `wanted`."""
        ringqd.wait_until(lambda: self.try_put(c) == wanted, wanted)

    def resumes(self, c):
        begin = time.monotonic()
        self.until_put(c, 'OK')
        self.assertLess(time.monotonic() - begin, SOON)

    def leases(self, c, n):
        c.call('MPUT', 'work', 'BODIES', n, *range(n))
        return [c.get('work')['lease'] for _ in range(n)]


class Full(Faults):
    def memory(self, r):
        info = r.call('INFO', 'memory').decode()
        return int(re.search(r'^used_memory:(\d+)', info, re.M).group(1))

    def test_at_90_percent_puts_are_refused_and_jobs_can_be_finished(self):
        redis = self.redis(appendonly='no')
        server = self.start(redis=redis.url)
        with server.client() as c, redis.client() as r:
            leases = self.leases(c, 20)
            c.put('work', 'one more')
            # 7 % are left: by Redis itself nothing would be refused yet.
            r.call('CONFIG', 'SET', 'maxmemory', self.memory(r) * 100 // 93)
            self.until_put(c, 'STORE')
            self.assertIn('Redis is nearly full', self.refuses(c, 'STORE', 'PUT', 'q', 'x'))
            for lease in leases:
                c.done(lease)
            c.done(c.get('work')['lease'])  # what is there can be taken
            self.assertEqual(c.stats('work')['total_done'], 21)
            self.assertIn('event=redis_nearly_full', server.log_text())
            self.assertNotIn('OOM', server.log_text())
            r.call('CONFIG', 'SET', 'maxmemory', 0)
            self.resumes(c)

    def test_a_redis_that_is_full_refuses_puts_and_is_drained(self):
        redis = self.redis(appendonly='no')
        server = self.start(redis=redis.url)
        with server.client() as c, redis.client() as r:
            leases = self.leases(c, 20)
            r.call('CONFIG', 'SET', 'maxmemory', 1)
            self.assertIn('not stored', self.refuses(c, 'STORE', 'PUT', 'q', 'x'))
            for lease in leases:
                c.done(lease)
            self.assertEqual(c.stats('work')['unfinished'], 0)
            r.call('CONFIG', 'SET', 'maxmemory', 0)
            self.resumes(c)
        server.restart()
        with server.client() as c:
            self.assertEqual(c.stats('work')['total_done'], 20)
            self.assertIsNone(c.get_now('work'))


class ReadOnly(Faults):
    def test_a_redis_that_becomes_a_replica_is_waited_for(self):
        redis = self.redis(appendonly='no')
        server = self.start('--store-wait', '500ms', redis=redis.url)
        with server.client() as c, redis.client() as r:
            leases = self.leases(c, 2)
            server.until_idle(c)
            r.call('REPLICAOF', '127.0.0.1', 1)
            self.refuses(c, 'STORE', 'PUT', 'q', 'x')
            self.refuses(c, 'UNKNOWN', 'DONE', leases[0])  # it is kept, and written later
            self.assertEqual(c.stats()['store'], b'connecting')
            self.assertIn(b'replica', c.stats()['store_problem'])
            r.call('REPLICAOF', 'NO', 'ONE')
            self.resumes(c)
            self.assertEqual(c.stats('work')['total_done'], 1)
            c.done(leases[1])
        server.restart()
        with server.client() as c:
            self.assertEqual(c.stats('work')['total_done'], 2)
            self.assertIsNone(c.get_now('work'))


class DiskFull(Faults):
    def small_disk(self):
        path = self.directory / 'disk'
        path.mkdir()
        mount = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', str(path)],
                               capture_output=True, check=False)
        if mount.returncode != 0:
            self.skipTest(f'no tmpfs: {mount.stderr.decode().strip()}')
        return path

    def setUp(self):
        super().setUp()
        self.disk = None
        self.addCleanup(self.unmount)
        # Last in, first out: Redis ends before its disk goes.
        self.addCleanup(self._end_early)

    def _end_early(self):
        ringqd.end_all(self._processes)

    def unmount(self):
        if self.disk:
            subprocess.run(['umount', '-l', str(self.disk)], check=False)

    def fill(self):
        with open(self.disk / 'filler', 'ab', buffering=0) as f, contextlib.suppress(OSError):
            while True:
                f.write(bytes(4096))

    def test_at_everysec_puts_are_refused_until_there_is_room(self):
        self.disk = self.small_disk()
        redis = self.redis(appendfsync='everysec', dir=str(self.disk))
        server = self.start('--store-wait', '2s', durability='everysec', redis=redis.url)
        with server.client() as c:
            leases = self.leases(c, 2)
            self.fill()
            self.until_put(c, 'STORE')
            ringqd.wait_until(lambda: b'MISCONF' in c.stats()['store_problem'], 'the reason')
            c.send('DONE', leases[0])
            self.assertEqual(c.read().code, 'UNKNOWN')  # kept, and written later
            epoch = c.stats()['epoch']
            os.unlink(self.disk / 'filler')
            # Redis tries once a second to write what it has; only then it accepts more.
            begin = time.monotonic()
            self.until_put(c, 'OK')
            self.assertLess(time.monotonic() - begin, SOON + 1)
            self.assertLess(c.stats()['epoch'], epoch + 64)  # refused claims used up none
            self.assertEqual(c.stats('work')['total_done'], 1)
            c.done(leases[1])


if __name__ == '__main__':
    ringqd.main()
