#!/usr/bin/env python3
"""redis_test - an existing Redis (--redis), and who may write to it.

SPDX-License-Identifier: MIT
"""
import signal
import subprocess
import time

import resp
import ringqd

SOON = 3.0 if ringqd.IS_SANITIZED else 1.0


class Existing(ringqd.Test):
    durability = 'fsync'

    def test_on_a_unix_socket(self):
        self.check(self.redis())

    def test_on_tcp(self):
        self.check(self.redis(tcp=True))

    def check(self, redis):
        server = self.start(redis=redis.url)
        with server.client() as c:
            job, _, durability = c.call('PUT', 'q', 'x')
            self.assertEqual(durability, b'fsync')
        self.assertEqual([n for n in ringqd.descendants(server.pid).values() if n == 'redis-server'], [])
        with redis.client() as r:
            self.assertTrue(all(k.startswith(b'ringq:') for k in r.call('KEYS', '*')))
        server.restart()
        with server.client() as c:
            self.assertEqual(c.get('q')['id'], job.decode())

    def test_a_password_is_used(self):
        redis = self.redis(tcp=True)
        with redis.client() as r:
            r.call('CONFIG', 'SET', 'requirepass', 'geheim')
        server = self.start(redis=f'redis://:geheim@127.0.0.1:{redis.port}')
        with server.client() as c:
            c.put('q', 'x')
        self.assertNotIn('geheim', server.log_text())

    def test_a_wrong_password_is_refused_with_the_remedy(self):
        redis = self.redis(tcp=True)
        with redis.client() as r:
            r.call('CONFIG', 'SET', 'requirepass', 'geheim')
        server = self.server(redis=f'redis://:falsch@127.0.0.1:{redis.port}')
        begin = time.monotonic()
        server.launch()
        self.assertEqual(server.wait(), 78, server.log_text())
        self.assertLess(time.monotonic() - begin, SOON)
        self.assertIn('user and password', server.log_text())
        server.args[server.args.index('--redis') + 1] = f'redis://:geheim@127.0.0.1:{redis.port}'
        begin = time.monotonic()
        with server.start().client() as c:
            c.put('q', 'x')
        self.assertLess(time.monotonic() - begin, SOON)

    def test_a_policy_that_throws_jobs_away_is_refused(self):
        redis = self.redis(**{'maxmemory-policy': 'allkeys-lru'})
        server = self.server(redis=redis.url)
        server.launch()
        self.assertEqual(server.wait(), 78, server.log_text())
        self.assertIn('noeviction', server.log_text())

    def test_a_url_that_is_none_is_refused_at_once(self):
        for url in ('http://127.0.0.1', 'redis://', 'unix:', 'redis://127.0.0.1:99999', 'x'):
            with self.subTest(url):
                server = self.server(redis=url)
                server.launch()
                self.assertIn(server.wait(), (2, 78), server.log_text())

    def test_it_waits_for_a_redis_that_restarts(self):
        redis = self.redis()
        server = self.start(redis=redis.url)
        with server.client() as c:
            job = c.put('q', 'x')
            redis.kill()
            redis.start()
            ringqd.wait_until(lambda: self.puts(c), 'the store to be up again')
            self.assertEqual(c.get('q')['id'], job)

    @staticmethod
    def puts(c):
        try:
            return c.put('q', 'again')
        except resp.Error as e:
            assert e.code in ('STORE', 'UNKNOWN'), e
            return None


class Levels(ringqd.Test):
    """What Redis is set up to do is what a reply promises, whatever was asked for."""

    durability = 'fsync'

    def named(self, server, level):
        """By the reply to PUT, HELLO and STATS."""
        with server.client() as c:
            self.assertEqual(c.call('PUT', 'q', 'x')[2].decode(), level)
            self.assertEqual(resp.pairs(c.call('HELLO'))['durability'].decode(), level)
            self.assertEqual(c.stats()['durability'].decode(), level)
            if level != 'fsync':
                self.assertIn(f'the log holds {level} now', self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', 'fsync'))

    def test_a_level_that_redis_cannot_hold_is_not_promised(self):
        for level, settings in (('redis', {'appendonly': 'no'}), ('redis', {'appendfsync': 'no'}),
                                ('everysec', {'appendfsync': 'everysec'}), ('redis', {'no-appendfsync-on-rewrite': 'yes'}),
                                ('fsync', {})):
            with self.subTest(level, **settings):
                redis = self.redis(**settings)
                server = self.start(redis=redis.url, name='-'.join(['of', *settings]))
                self.named(server, level)
                self.assertEqual('event=durability_lower wanted=fsync' in server.log_text(), level != 'fsync')
                self.assertEqual(server.terminate(), 0)
                redis.kill()

    def test_a_lower_level_than_redis_holds_is_not_exceeded_in_words(self):
        redis = self.redis()
        self.named(self.start(redis=redis.url, durability='everysec'), 'everysec')

    def test_what_redis_does_not_tell_is_believed_and_said_to_be_so(self):
        redis = self.redis()
        with redis.client() as r:
            r.call('ACL', 'SETUSER', 'default', '-config')
        server = self.start(redis=redis.url)
        self.named(server, 'fsync')
        self.assertRegex(server.log_text(), r'event=store_up .*level=fsync verified=no')
        with server.client() as c:
            self.assertEqual(c.stats()['durability_verified'], 0)

    def test_settings_that_change_are_seen_when_the_link_is_made_again(self):
        redis = self.redis()
        server = self.start(redis=redis.url)
        self.named(server, 'fsync')
        with redis.client() as r, server.client() as c:
            for when, level in (('everysec', 'everysec'), ('no', 'redis'), ('always', 'fsync')):
                links = c.stats()['store_reconnects']
                r.call('CONFIG', 'SET', 'appendfsync', when)
                r.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
                ringqd.wait_until(lambda: c.stats()['store_reconnects'] > links and Existing.puts(c), 'a new link')
                self.named(server, level)


class Owners(ringqd.Test):
    durability = 'fsync'

    def test_a_stale_writer_acknowledges_nothing(self):
        """Two servers on one Redis: the first is stopped, the second takes over, the first
        goes on: its next commit is rejected, and it says so."""
        redis = self.redis()
        first = self.start(redis=redis.url, name='first')
        c1 = first.client()
        self.addCleanup(c1.close)
        job = c1.put('q', 'before')
        held = c1.get('q')
        first.signal(signal.SIGSTOP)
        second = self.start(redis=redis.url, name='second')
        with second.client() as c2:
            self.assertEqual(c2.get('q')['id'], job)
            c1.raw(resp.encode('PUT', 'q', 'after') + resp.encode('DONE', held['lease']))
            first.signal(signal.SIGCONT)
            for _ in range(2):
                reply = c1.read()
                self.assertIsInstance(reply, resp.Error)
                self.assertEqual(reply.code, 'MOVED', reply)
            self.refuses(c1, 'MOVED', 'PUT', 'q', 'later')
            self.assertIsNone(c2.get_now('q'))
            self.assertEqual(c2.stats('q')['total_put'], 1)
            c2.put('q', 'the second works')
        ringqd.wait_until(lambda: 'fenced' in first.log_text(), 'the first to say so')

    def test_a_fenced_server_answers_waiting_getters_and_joiners(self):
        redis = self.redis()
        first = self.start(redis=redis.url, name='first')
        getter, joiner, c1 = first.client(), first.client(), first.client()
        for c in (getter, joiner, c1):
            self.addCleanup(c.close)
        c1.put('busy', 'x')
        getter.send('GET', 'q')
        joiner.send('JOIN', 'busy')
        ringqd.wait_until(lambda: c1.stats()['waiting_joiners'] == 1 and c1.stats()['waiting_getters'] == 1, 'waiters')
        second = self.start(redis=redis.url, name='second')
        self.refuses(c1, 'MOVED', 'PUT', 'q', 'after')
        self.assertEqual(getter.read().code, 'MOVED')
        self.assertEqual(joiner.read().code, 'MOVED')
        with second.client() as c2:
            self.assertEqual(c2.get('busy')['body'], b'x')

    def test_a_second_server_on_one_data_directory_is_refused_with_a_message(self):
        server = self.start()
        twin = ringqd.Server(self.directory, durability='fsync', name='twin')
        twin.args[twin.args.index('--data-dir') + 1] = str(server.data_dir)
        twin.launch()
        self.assertEqual(twin.wait(), 78)
        self.assertIn(f'already running as pid {server.pid}', twin.log_text())
        with server.client() as c:
            c.put('q', 'undisturbed')


class Outage(ringqd.Test):
    durability = 'fsync'

    def stopped_redis(self, server, client):
        """Stops the private Redis while nothing is on its way to it."""
        pid = server.redis_pid()
        server.until_idle(client)
        subprocess.run(['kill', '-STOP', str(pid)], check=True)
        self.addCleanup(subprocess.run, ['kill', '-CONT', str(pid)], check=False, stderr=subprocess.DEVNULL)
        return pid

    def test_a_put_whose_outcome_is_not_known_says_so_and_join_waits_for_it(self):
        server = self.start('--store-wait', '300ms', '--redis-timeout', '60s')
        with server.client() as c, server.client() as other:
            c.put('q', 'warm')
            c.done(c.get('q')['lease'])
            pid = self.stopped_redis(server, c)
            c.send('PUT', 'q', 'x')
            self.assertEqual(c.read().code, 'UNKNOWN')
            self.assertIsNone(other.call('JOIN', 'q', 'BLOCK', 100))
            subprocess.run(['kill', '-CONT', str(pid)], check=True)
            job = other.get('q', 'BLOCK', 30000)
            self.assertEqual(job['body'], b'x')
            other.done(job['lease'])
            other.call('JOIN', 'q')

    def test_gets_go_on_from_memory_while_redis_hangs(self):
        server = self.start('--store-wait', '30s', '--redis-timeout', '60s')
        with server.client() as c:
            c.call('MPUT', 'q', 'BODIES', 10, *range(10))
            pid = self.stopped_redis(server, c)
            self.assertEqual(len([c.get('q') for _ in range(10)]), 10)
            self.assertEqual(c.call('PING'), 'PONG')
            subprocess.run(['kill', '-CONT', str(pid)], check=True)

    def test_a_redis_that_hangs_past_the_timeout_is_left_and_found_again(self):
        server = self.start('--redis-timeout', '300ms', '--store-wait', '200ms')
        with server.client() as c:
            c.put('q', 'warm')
            pid = self.stopped_redis(server, c)
            c.send('PUT', 'q', 'x')
            self.assertEqual(c.read().code, 'UNKNOWN')
            time.sleep(0.5)
            subprocess.run(['kill', '-CONT', str(pid)], check=True)
            ringqd.wait_until(lambda: Existing.puts(c), 'the store to be up again')
            bodies = set()
            while (job := c.get('q', 'BLOCK', 1000)) is not None:
                bodies.add(job['body'])
                c.done(job['lease'])
            self.assertEqual(bodies, {b'warm', b'x', b'again'})
            self.assertGreaterEqual(c.stats()['store_reconnects'], 1)


if __name__ == '__main__':
    ringqd.main()
