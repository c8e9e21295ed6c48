#!/usr/bin/env python3
"""redis_faults_test - a Redis that dies, stands still, loads, forgets its password, has a full
disk, or comes back damaged: which error the client sees, how fast, and how soon the service is
back.  The other half is faults_test.py.

SPDX-License-Identifier: MIT
"""
import contextlib
import os
import select
import signal
import subprocess
import threading
import time
import unittest

import resp
import ringqd

SOON = 3.0 if ringqd.IS_SANITIZED else 1.0
IS_NIGHTLY = bool(os.environ.get('RINGQ_NIGHTLY'))
LOG = 'ringq:{p000}:log'


class RedisFault(ringqd.Test):
    durability = 'fsync'

    def put(self, c, queue='q'):
        """'OK', or the code of the error."""
        try:
            return c.put(queue, 'x') and 'OK'
        except resp.Error as e:
            return e.code

    def until_put(self, c, wanted, patience=ringqd.PATIENCE):
        ringqd.wait_until(lambda: self.put(c) == wanted, wanted, patience)

    def resumes(self, c, limit=SOON):
        begin = time.monotonic()
        self.until_put(c, 'OK')
        self.assertLess(time.monotonic() - begin, limit)

    def answers(self, c, wanted, limit=SOON):
        """A PUT is answered with one of these, in time."""
        begin = time.monotonic()
        self.assertIn(self.put(c), wanted)
        self.assertLess(time.monotonic() - begin, limit)


class Restart(RedisFault):
    def test_puts_are_refused_at_once_while_redis_is_away_and_stored_when_it_is_back(self):
        redis = self.redis()
        server = self.start('--store-wait', '300ms', redis=redis.url)
        with server.client() as c:
            job = c.put('work', 'x')
            server.until_idle(c)
            redis.kill()
            self.until_put(c, 'STORE', SOON)
            for _ in range(3):
                self.answers(c, {'STORE'}, 0.3 + SOON)
            held = c.get('work')  # what is in memory is given out
            self.assertEqual(held['id'], job)
            redis.start()
            self.resumes(c)
            c.done(held['lease'])

    def test_a_redis_that_is_loading_is_waited_for(self):
        jobs = 500_000 if IS_NIGHTLY else 50_000
        redis = self.redis(appendfsync='everysec')
        server = self.start('--store-wait', '300ms', durability='everysec', redis=redis.url)
        with server.client() as c:
            self.fill(c, jobs)
            server.until_idle(c)
            redis.kill()
            redis.launch()
            answers = set()
            while not self.is_loaded(redis):
                answers.add(self.put(c))
            self.assertLessEqual(answers, {'STORE', 'UNKNOWN', 'OK'})
            self.resumes(c)
            self.assertGreaterEqual(c.stats('many')['ready'], jobs)

    @staticmethod
    def is_loaded(redis):
        with contextlib.suppress(OSError, resp.Error):
            with redis.client() as r:
                return r.call('PING') == 'PONG'
        return False

    @staticmethod
    def fill(c, jobs):
        for i in range(0, jobs, 1000):
            c.call('MPUT', 'many', 'BODIES', 1000, *range(i, i + 1000))


class Loading(RedisFault):
    def test_clients_are_told_loading_at_once_while_the_log_is_read(self):
        jobs = 1_000_000 if IS_NIGHTLY else 50_000
        server = self.start(durability='redis')
        with server.client() as c:
            Restart.fill(c, jobs)
        server.kill()
        server.launch()
        begin, told, slowest = time.monotonic(), 0, 0.0
        while True:
            before = time.monotonic()
            answer = self.ask(server)
            if answer == 'OK':
                break
            if answer == 'LOADING':
                told += 1
                slowest = max(slowest, time.monotonic() - before)
            self.assertIn(answer, ('LOADING', 'nobody'))
        self.assertGreater(told, 0)
        self.assertLess(slowest, SOON)
        print(f'{jobs} jobs: back after {time.monotonic() - begin:.2f} s, told LOADING {told} times')
        with server.unix_client() as c:
            self.assertEqual(c.stats('many')['ready'], jobs)

    def ask(self, server):
        try:
            with server.unix_client() as c:
                return self.put(c)
        except OSError:
            return 'nobody'


class StoreDown(RedisFault):
    """--store-down stop: what is not in the log is not handed out."""

    def scene(self, *args):
        redis = self.redis()
        return redis, self.start('--store-down', 'stop', '--store-wait', '300ms', *args, redis=redis.url)

    @staticmethod
    def code_of_get(c, queue='empty'):
        """None, or the error. An empty queue tells whether GET is served, and gives nothing away."""
        try:
            return c.get_now(queue)
        except resp.Error as e:
            return str(e)

    def until_refused(self, c):
        ringqd.wait_until(lambda: self.code_of_get(c) is not None, 'GET to be refused')
        self.assertRegex(self.code_of_get(c), r'^STORE .*Redis')

    def until_served(self, c):
        ringqd.wait_until(lambda: self.code_of_get(c) is None, 'GET to be served')

    def test_get_is_refused_with_the_reason_until_redis_is_back(self):
        redis, server = self.scene()
        with server.client() as c:
            job, held = c.put('work', 'x'), c.put('held', 'y')
            lease = c.get('held')['lease']
            server.until_idle(c)
            redis.kill()
            self.until_refused(c)
            self.refuses(c, 'STORE', 'GET', 'work', 'BLOCK', 1000)
            self.assertEqual((c.stats('work')['ready'], c.stats('held')['leased']), (1, 1))
            redis.start()
            self.until_served(c)
            self.assertEqual(c.get('work')['id'], job)
            self.assertEqual(c.done(lease), 1)
            self.assertEqual(c.stats('held')['unfinished'], 0, held)

    def test_who_waits_gets_no_job_that_comes_back_meanwhile_and_gets_it_afterwards(self):
        redis, server = self.scene()
        with server.client() as c, server.client() as waiter:
            job = c.put('work', 'x')
            c.get('work', 'TTR', 2000)
            waiter.send('GET', 'work', 'BLOCK', 60000)
            server.until_idle(c)
            redis.kill()
            self.until_refused(c)
            # The lease times out while nothing may be handed out.
            ringqd.wait_until(lambda: c.stats('work')['ready'] == 1, 'the job to be ready again')
            self.assertEqual(select.select([waiter.sock], [], [], 0)[0], [])
            redis.start()
            again = resp.as_job(waiter.read())
            self.assertEqual((again['id'], again['attempt']), (job, 2))

    def test_a_wait_ends_in_time_while_redis_is_away(self):
        redis, server = self.scene()
        with server.client() as c, server.client() as waiter:
            c.put('work', 'x')
            c.get('work', 'TTR', 1000)
            waiter.send('GET', 'work', 'BLOCK', 2000)
            server.until_idle(c)
            redis.kill()
            self.assertIsNone(waiter.read())
            self.assertEqual(c.stats('work')['ready'], 1)

    def test_a_redis_that_says_nothing_is_down_after_the_timeout(self):
        redis, server = self.scene('--redis-timeout', '1s')
        with server.client() as c:
            job = c.put('work', 'x')
            server.until_idle(c)
            redis.signal(signal.SIGSTOP)
            self.until_refused(c)
            redis.signal(signal.SIGCONT)
            self.until_served(c)
            self.assertEqual(c.get('work')['id'], job)


class Still(RedisFault):
    """SIGSTOP: the connection stands, and says nothing."""

    def stop(self, redis, seconds):
        redis.signal(signal.SIGSTOP)
        threading.Timer(seconds, redis.signal, (signal.SIGCONT,)).start()

    def test_a_short_stop_is_only_slow(self):
        redis = self.redis()
        server = self.start(redis=redis.url)
        with server.client() as c:
            c.put('q', 'x')
            for seconds in (0.1, 1):
                self.stop(redis, seconds)
                begin = time.monotonic()
                self.assertEqual(self.put(c), 'OK')
                self.assertLess(time.monotonic() - begin, seconds + SOON)

    def test_a_stop_past_all_patience_is_unknown_then_store_and_over_soon_after_it(self):
        self.long_stop(3, '--store-wait', '300ms', '--redis-timeout', '1s')

    @unittest.skipUnless(IS_NIGHTLY, 'takes half a minute: RINGQ_NIGHTLY=1')
    def test_a_stop_of_30_s_with_the_defaults(self):
        self.long_stop(30)

    def long_stop(self, seconds, *args):
        redis = self.redis()
        server = self.start(*args, redis=redis.url)
        with server.client() as c:
            job = c.put('work', 'x')
            server.until_idle(c)
            begin = time.monotonic()
            self.stop(redis, seconds)
            self.assertEqual(self.put(c), 'UNKNOWN')
            self.assertEqual(c.get('work')['id'], job)
            self.until_put(c, 'STORE', seconds)
            time.sleep(max(0.0, begin + seconds - time.monotonic()))
            self.resumes(c)
            self.assertGreaterEqual(c.stats('q')['ready'], 2)  # the UNKNOWN one has landed


class Password(RedisFault):
    def change(self, server, c, r):
        c.put('q', 'x')
        r.call('CONFIG', 'SET', 'requirepass', 'geheim')
        self.assertEqual(self.put(c), 'OK')  # who is in stays in
        r.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        self.until_put(c, 'STORE', SOON)
        ringqd.wait_until(lambda: b'NOAUTH' in c.stats()['store_problem'], 'the reason', SOON)
        self.assertIn('user and password', server.log_text())

    def test_a_password_that_is_changed_is_named_as_the_reason(self):
        redis = self.redis()
        server = self.start('--store-wait', '300ms', redis=redis.url)
        with server.client() as c, redis.client() as r:
            self.change(server, c, r)

    @unittest.skipUnless(IS_NIGHTLY, 'takes 10 s: RINGQ_NIGHTLY=1')
    def test_a_password_that_is_changed_back_is_found_within_ten_seconds(self):
        """Only an operator mends this, so it is tried every 5 to 10 s."""
        redis = self.redis()
        server = self.start('--store-wait', '300ms', redis=redis.url)
        with server.client() as c, redis.client() as r:
            self.change(server, c, r)
            r.call('CONFIG', 'SET', 'requirepass', '')
            self.resumes(c, 10 + SOON)


class DiskFull(RedisFault):
    """At `fsync` Redis gives up when it cannot write: it is gone until there is room."""

    def setUp(self):
        self.disk = None
        self.addCleanup(lambda: self.disk and subprocess.run(['umount', '-l', str(self.disk)], check=False))
        super().setUp()  # last in, first out: Redis ends before its disk goes

    def small_disk(self):
        path = self.directory / 'disk'
        path.mkdir()
        mount = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', str(path)],
                               capture_output=True, check=False)
        if mount.returncode != 0:
            self.skipTest(f'no tmpfs: {mount.stderr.decode().strip()}')
        return path

    def test_at_fsync_nothing_that_was_acknowledged_is_lost(self):
        self.disk = self.small_disk()
        redis = self.redis(dir=str(self.disk))
        server = self.start('--store-wait', '300ms', redis=redis.url)
        with server.client() as c:
            stored = 0
            begin = time.monotonic()
            with open(self.disk / 'filler', 'wb') as f:
                f.write(bytes(2 << 20))
            while (answer := self.put_large(c)) == 'OK':
                stored += 1
            self.assertIn(answer, ('STORE', 'UNKNOWN'))
            self.assertLess(time.monotonic() - begin, 10)
            redis.wait()
            self.until_put(c, 'STORE', SOON)
            os.unlink(self.disk / 'filler')
            redis.start()
            self.resumes(c)
            # The one that was not known may have landed.
            self.assertIn(c.stats('large')['ready'] - stored, (0, 1))
        server.restart()
        with server.client() as c:
            self.assertIn(c.stats('large')['ready'] - stored, (0, 1))

    @staticmethod
    def put_large(c):
        try:
            return c.put('large', bytes(50_000)) and 'OK'
        except resp.Error as e:
            return e.code


class Damage(RedisFault):
    """The file in which Redis keeps the log is changed while nobody looks."""

    BODY = b'a body that is found again in the file'

    def scene(self):
        """A log with three jobs, at rest; the server and the file."""
        redis = self.redis(**{'auto-aof-rewrite-percentage': '0'})
        server = self.start('--store-wait', '300ms', redis=redis.url)
        with server.client() as c:
            for i in range(3):
                c.put('q', str(i))
        server.kill()
        redis.kill()
        return redis, server, next((redis.directory / 'appendonlydir').glob('*.incr.aof'))

    def test_a_torn_tail_is_cut_off_and_the_rest_is_served(self):
        redis, server, aof = self.scene()
        last = aof.read_bytes().rindex(b'*')
        # Of the last command of Redis a part is missing, as after a power cut.
        os.truncate(aof, (last + aof.stat().st_size) // 2)
        redis.start()
        server.start()
        with server.client() as c:
            self.assertEqual([c.get('q')['body'] for _ in range(2)], [b'0', b'1'])
            self.assertEqual(self.put(c), 'OK')

    def test_a_flipped_bit_is_named_and_nothing_is_served(self):
        redis, server, aof = self.scene()
        data = bytearray(aof.read_bytes())
        # In the value of the second commit, which ends before the next command begins.
        at = data.rindex(b'*') - 10
        data[at] ^= 0x10
        aof.write_bytes(data)
        redis.start()
        server.launch()
        self.assertEqual(server.wait(), 78, server.log_text())
        self.assertIn('event=store_halted', server.log_text())
        self.assertRegex(server.log_text(), r'why="[^"]*\d+-\d+[^"]*backup')
        data[at] ^= 0x10
        redis.kill()
        aof.write_bytes(data)
        redis.start()
        server.start()
        with server.client() as c:
            self.assertEqual(c.stats('q')['ready'], 3)


if __name__ == '__main__':
    ringqd.main()
