#!/usr/bin/env python3
"""log_test - the log when Redis has lost it, and when it has grown too large.

SPDX-License-Identifier: MIT
"""
import subprocess
import time

import resp
import ringqd

LOG = 'ringq:{p000}:log'
SOON = 3.0 if ringqd.IS_SANITIZED else 1.0


class Lost(ringqd.Test):
    """Whatever Redis forgets, memory still knows: after the repair a restart finds all."""

    durability = 'redis'

    def scene(self, c):
        """Jobs in every state; what must be there again after a restart."""
        c.call('QUEUE', 'SET', 'limited', 'MAXSIZE', 7, 'TRIES', 5)
        c.call('CRON', 'ADD', 'rare', 'many', '@yearly', 'body')
        c.put('ready', 'one', 'PRI', 3, 'TTL', 3600000, 'HEADER', 'k', 'v')
        c.put('delayed', 'two', 'DELAY', 3600000)
        c.put('dead', 'three')
        c.call('FAIL', c.get('dead')['lease'], 'DEAD', 'ERROR', 'poison')
        kept = c.put('kept', 'four', 'KEEP', 600000)
        c.call('DONE', c.get('kept')['lease'], 'RESULT', 'fine')
        c.call('MPUT', 'many', 'BODIES', 3000, *range(3000))
        c.put('over', 'five')
        c.done(c.get('over')['lease'])
        c.put('leased', 'six')
        self.held = c.get('leased')
        self.kept = kept

    def expect(self, c):
        stats = {q: c.stats(q) for q in ('ready', 'delayed', 'dead', 'many', 'over', 'leased')}
        self.assertEqual(stats['ready']['ready'], 1)
        self.assertEqual(stats['delayed']['delayed'], 1)
        self.assertEqual(stats['dead']['dead'], 1)
        self.assertEqual([resp.pairs(entry)['name'] for entry in c.call('CRON', 'LIST')], [b'rare'])
        self.assertEqual(stats['many']['ready'], 3000)
        self.assertEqual(stats['over']['unfinished'], 0)
        self.assertEqual(stats['over']['total_done'], 1)
        self.assertEqual(stats['leased']['ready'], 1)  # the restart has taken its lease
        self.assertEqual(stats['many']['total_put'], 3000)
        one = c.get('ready')
        self.assertEqual((one['body'], one['attempt']), (b'one', 1))
        self.assertEqual([c.get('many')['body'] for _ in range(3)], [b'0', b'1', b'2'])
        self.assertIsNone(c.get_now('over'))
        six = c.get('leased')
        self.assertEqual((six['body'], six['attempt']), (b'six', 2))
        self.assertEqual(c.call('WAIT', self.kept, 'BLOCK', 0)[0][2], b'fine')

    def repaired(self, c, times=1):
        ringqd.wait_until(lambda: c.stats()['store_repairs'] >= times, 'the repair', 10)
        self.assertEqual(c.stats()['store_repairing'], 0)

    def seen(self, c):
        """What a client sees of it: PUTs are refused, if at all, with STORE, and soon
        stored again; GET and DONE go on."""
        begin, told = time.monotonic(), []
        while (answer := self.put(c)) != 'OK':
            told.append(answer)
            self.assertLess(time.monotonic() - begin, SOON, told)
        self.assertLess(time.monotonic() - begin, SOON)
        self.assertLessEqual(set(told), {'STORE'})
        c.done(c.get('seen')['lease'])

    @staticmethod
    def put(c):
        try:
            return c.put('seen', 'x') and 'OK'
        except resp.Error as e:
            return e.code

    def lose(self, how, **redis):
        own = self.redis(**redis)
        server = self.start(redis=own.url)
        with server.client() as c:
            self.scene(c)
            server.until_idle(c)
            how(own)
            self.seen(c)
            self.repaired(c)
            self.assertEqual(c.stats()['store_lost_tails'], 1)
            self.assertIn('event=store_lost_tail', server.log_text())
            self.assertIn('event=store_repaired', server.log_text())
        server.restart()
        with server.client() as c:
            self.expect(c)
        return server

    def test_flushall(self):
        def flush(redis):
            with redis.client() as r:
                r.call('FLUSHALL')
        self.lose(flush)

    def test_the_log_alone_is_removed(self):
        def remove(redis):
            with redis.client() as r:
                r.call('DEL', LOG)
        self.lose(remove)

    def test_the_log_is_cut_short(self):
        def cut(redis):
            with redis.client() as r:
                r.call('XTRIM', LOG, 'MAXLEN', 1)
        self.lose(cut)

    def test_a_redis_that_comes_back_empty(self):
        def forget(redis):
            redis.kill()
            redis.start()
        self.lose(forget, appendonly='no')

    def test_a_redis_that_comes_back_as_it_was_before(self):
        """A stale copy holds the PUT of a job whose end is lost: it must not come back."""
        own = self.redis(appendonly='no')
        server = self.start(redis=own.url)
        with server.client() as c:
            ended = c.put('q', 'ended')
            c.put('q', 'stays')
            server.until_idle(c)
            with own.client() as r:
                r.call('SAVE')
            c.done(c.get('q')['lease'])
            c.put('q', 'later')
            server.until_idle(c)
            own.kill()
            own.start()
            self.seen(c)
            self.repaired(c)
        server.restart()
        with server.client() as c:
            self.assertEqual([c.get('q')['body'] for _ in range(2)], [b'stays', b'later'])
            self.assertIsNone(c.get_now('q'))
            self.refuses(c, 'NOJOB', 'SHOW', ended)
            self.assertEqual(c.stats('q')['total_put'], 3)
            self.assertEqual(c.stats('q')['total_done'], 1)

    def test_the_service_goes_on_meanwhile_and_a_second_loss_is_repaired_too(self):
        own = self.redis()
        server = self.start(redis=own.url)
        with server.client() as c, own.client() as r:
            c.call('MPUT', 'many', 'BODIES', 20000, *range(20000))
            held = c.get('many')
            r.call('FLUSHALL')
            ringqd.wait_until(lambda: c.stats()['store_repairing'], 'the loss to be seen')
            r.call('FLUSHALL')
            c.done(held['lease'])
            c.put('many', 'new')
            ringqd.wait_until(lambda: c.stats()['store_lost_tails'] >= 2, 'the second loss')
            ringqd.wait_until(lambda: c.stats()['store_repairs'] and not c.stats()['store_repairing'], 'the repair')
            server.until_idle(c)
        server.restart()
        with server.client() as c:
            self.assertEqual(c.stats('many')['ready'], 20000)
            self.assertEqual(c.stats('many')['total_done'], 1)
            self.assertEqual(c.get('many')['body'], b'1')


class Compaction(ringqd.Test):
    """--log-spare scaled down from 64 MiB to 1: old jobs sit still while others pass."""

    durability = 'redis'
    SPARE = 1 << 20

    def old_jobs(self, c):
        for i in range(0, 2000, 100):
            c.call('MPUT', 'still', 'BODIES', 100, *(b'%d %s' % (n, b'o' * 100) for n in range(i, i + 100)))
        self.dead = c.put('buried', 'kept')
        c.call('FAIL', c.get('buried')['lease'], 'DEAD', 'ERROR', 'poison')
        self.held = c.put('held', 'leased')
        self.lease = c.get('held', 'TTR', 600000)['lease']
        c.put('later', 'delayed', 'DELAY', 3600000, 'HEADER', 'a', 'b')

    @staticmethod
    def pass_through(c, rounds, size=3000):
        for _ in range(rounds):
            c.call('MPUT', 'passing', 'BODIES', 100, *(b'p' * size for _ in range(100)))
            jobs = []
            while len(jobs) < 100:
                jobs += c.call('GET', 'passing', 'COUNT', 100)
            for job in map(resp.as_job, jobs):
                c.send('DONE', job['lease'])
            for _ in jobs:
                reply = c.read()
                if isinstance(reply, resp.Error):
                    raise reply

    def expect_old_jobs(self, c):
        self.assertEqual(c.stats('still')['ready'], 2000)
        self.assertEqual(c.stats('still')['total_put'], 2000)
        self.assertEqual([c.get('still')['body'].split()[0] for _ in range(5)], [b'0', b'1', b'2', b'3', b'4'])
        self.assertEqual(c.stats('buried')['dead'], 1)
        self.assertEqual(c.stats('later')['delayed'], 1)
        self.assertEqual(c.stats('passing')['unfinished'], 0)

    def bound(self, stats):
        return 2 * stats['log_bytes_live'] + self.SPARE

    def test_old_jobs_that_sit_still_do_not_keep_the_log(self):
        redis = self.redis(appendonly='no')
        server = self.start('--log-spare', '1MiB', redis=redis.url)
        with server.client() as c, redis.client() as r:
            self.old_jobs(c)
            worst = 0
            for _ in range(40):  # 12 MB of bodies
                self.pass_through(c, 1)
                stats = c.stats()
                worst = max(worst, stats['log_bytes'] - self.bound(stats))
            self.assertIn('event=log_compacted', server.log_text())
            self.assertLess(worst, 2 << 20)  # what came in while it was at work, of 12 MB
            ringqd.wait_until(lambda: (s := c.stats())['log_bytes'] <= self.bound(s), 'the bound', 10)
            self.pass_through(c, 1)
            server.until_idle(c)
            self.assertLess(r.call('MEMORY', 'USAGE', 'ringq:{p000}:log'), 2 * self.bound(c.stats()))
            c.done(self.lease)  # the lease is still the same
            self.assertEqual(c.call('PING'), 'PONG')
        server.restart()
        with server.client() as c:
            self.expect_old_jobs(c)
            self.refuses(c, 'NOJOB', 'SHOW', self.held)
            self.assertEqual(c.stats('held')['total_done'], 1)

    def test_a_crash_in_the_middle_loses_and_doubles_nothing(self):
        server = self.start('--log-spare', '64KiB', durability='fsync')
        with server.client() as c:
            self.old_jobs(c)
        for _ in range(6):
            with server.client() as c:
                self.pass_through(c, 4)
                server.kill()
            server.start()
        with server.client() as c:
            self.assertEqual(c.stats('held')['ready'], 1)
            self.expect_old_jobs(c)


class LookedAt(ringqd.Test):
    """ringqd log check, dump and stats: from outside, nothing is claimed."""

    durability = 'redis'

    def setUp(self):
        super().setUp()
        self.own = self.redis(appendonly='no')
        self.ringqd = self.start(redis=self.own.url)
        with self.ringqd.client() as c:
            self.job = c.put('mail', 'hello')
            self.dead = c.put('mail', 'poison', 'PRI', 9)
            c.call('FAIL', c.get('mail')['lease'], 'DEAD', 'ERROR', 'a "b"\x1b[2J')
            c.call('QUEUE', 'SET', 'mail', 'MAXSIZE', 9)
            self.ringqd.until_idle(c)

    def log(self, word, *options, status=0):
        options = options or ('--redis', self.own.url)
        done = subprocess.run([ringqd.RINGQD, 'log', word, *options], env=ringqd.environment(), timeout=ringqd.PATIENCE,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done)
        return done.stdout if status in (0, 1) else done.stderr

    def test_the_client_finds_the_ringqd_beside_it(self):
        for word, status in (('check', 0), ('dump', 0), ('stats', 0), ('chekc', 2)):
            done = self.ringqd.ringq('log', word, '--redis', self.own.url)
            self.assertEqual(done.returncode, status, done)
            if status == 0:
                self.assertEqual(done.stdout, self.log(word))
        self.assertIn('--redis URL', self.ringqd.ringq('log', 'check').stderr)

    def test_a_good_log(self):
        self.assertRegex(self.log('check'), r'^good: \d+ entries, \d+ records, \d+ bytes\n$')
        stats = dict(line.split() for line in self.log('stats').splitlines())
        self.assertEqual((stats['records_PUT'], stats['records_QUEUE'], stats['claims']), ('2', '1', '1'))
        self.assertEqual((stats['first'], stats['body_bytes'], stats['damaged']), ('1-0', '11', '0'))
        with self.ringqd.client() as c:
            c.put('mail', 'undisturbed')

    def test_every_record_is_a_line(self):
        lines = self.log('dump').splitlines()
        self.assertIn('CLAIM owner=', lines[0])
        put = next(line for line in lines if f'PUT job={self.job} ' in line)
        self.assertIn('queue="mail" pri=', put)
        self.assertIn('body_bytes=5', put)
        state = next(line for line in lines if ' STATE ' in line)
        self.assertIn('state=dead attempts=1 error="a \\x22b\\x22\\x1b[2J"', state)

    def test_entries_of_cron_and_batches_are_lines_too(self):
        with self.ringqd.client() as c:
            c.call('CRON', 'ADD', 'night', 'mail', '@daily', 'x')
            batch = c.call('BATCH', 'NEW', 'KEEP', 0).decode()
            c.call('BATCH', 'CLOSE', batch)
            ringqd.wait_until(lambda: c.stats()['batches'] == 0, 'the batch to be gone')
            self.ringqd.until_idle(c)
        dump = self.log('dump')
        self.assertRegex(dump, r' CRON name="night" queue="mail"')
        for state in ('open', 'closed', 'gone'):
            self.assertIn(f' BATCH job={batch} state={state}', dump)

    def test_damage_is_named_and_does_not_end_it(self):
        self.ringqd.terminate()  # it would repair the log
        with self.own.client() as r:
            entries = r.call('XRANGE', LOG, '-', '+')
            ids = [e[0].decode() for e in entries]
            value = bytearray(entries[1][1][1])
            value[40] ^= 1
            r.call('DEL', LOG)
            for i, (ident, fields) in enumerate(entries):
                r.call('XADD', LOG, ident, fields[0], bytes(value) if i == 1 else fields[1])
            r.call('XADD', LOG, '9-1', 'b', entries[2][1][1])  # a commit in another place
            r.call('XADD', LOG, '9-2', 'foreign', 'x')
        said = self.log('check', status=1)
        self.assertIn(f'{ids[1]} DAMAGED: the entry is damaged: its checksum does not fit', said)
        self.assertIn('9-1 DAMAGED', said)
        self.assertIn('9-2 DAMAGED: the entry is not ours', said)
        self.assertIn(f'3 of {len(ids) + 2} entries are damaged', said)
        self.assertIn('DAMAGED', self.log('dump', status=1))

    def test_what_cannot_be_read_says_why(self):
        self.assertIn('cannot connect', self.log('check', '--redis', 'unix:/nowhere/redis.sock', status=78))
        self.ringqd.terminate()
        with self.own.client() as r:
            r.call('SET', LOG, 'no stream')
        self.assertIn('WRONGTYPE', self.log('stats', status=78))
        self.assertIn('check, dump or stats', self.log('burn', status=2))
        self.assertIn('--data-dir', self.log('check', '--log-level', 'info', status=2))

    def test_the_private_redis_is_found_by_the_data_directory(self):
        server = self.start(name='private')
        with server.client() as c:
            c.put('q', 'x')
        self.assertIn('good', self.log('check', '--data-dir', str(server.data_dir)))

    def test_an_empty_redis_has_a_good_log(self):
        with self.own.client() as r:
            r.call('SELECT', 5)
        self.assertEqual(self.log('check', '--redis', self.own.url + '?db=5'), 'good: 0 entries, 0 records, 0 bytes\n')


if __name__ == '__main__':
    ringqd.main()
