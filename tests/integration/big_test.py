#!/usr/bin/env python3
"""big_test - bodies over 256 KiB stand apart from the log, in a hash of their own.

SPDX-License-Identifier: MIT
"""
import hashlib
import subprocess

import resp
import ringqd

LOG, BIG = 'ringq:{p000}:log', 'ringq:{p000}:big'
OVER = 256 << 10
LARGE = OVER + 1


def body_of(seed, size=LARGE):
    """Bytes that differ everywhere."""
    return (hashlib.sha256(str(seed).encode()).digest() * (size // 32 + 1))[:size]


class Scene(ringqd.Test):
    """A ringqd on a Redis of the test's own, which is looked at."""

    options = ()

    def setUp(self):
        super().setUp()
        self.own = self.redis()
        self.ringqd = self.start('--max-body', '64MiB', *self.options, redis=self.own.url)
        self.c = self.ringqd.client()
        self.r = self.own.client()
        self.addCleanup(self.r.close)
        self.addCleanup(lambda: self.c.close())

    def restart(self, how='kill'):
        getattr(self.ringqd, how)()
        self.ringqd.start()
        self.c.close()
        self.c = self.ringqd.client()

    def fields(self):
        return self.r.call('HLEN', BIG)

    def until_fields(self, count):
        ringqd.wait_until(lambda: self.fields() == count, f'{count} fields')

    def idle(self):
        self.ringqd.until_idle(self.c)

    def log_bytes(self):
        return sum(len(fields[1]) for _, fields in self.r.call('XRANGE', LOG, '-', '+'))

    def calls(self, command):
        for line in self.r.call('INFO', 'commandstats').decode().splitlines():
            if line.startswith(f'cmdstat_{command}:'):
                return int(line.split('calls=')[1].split(',')[0])
        return 0

    def flip(self, field):
        value = bytearray(self.r.call('HGET', BIG, field))
        value[len(value) // 2] ^= 1
        self.r.call('HSET', BIG, field, bytes(value))

    def field_of(self, job):
        return next(f for f in self.r.call('HKEYS', BIG) if f.startswith(job.encode() + b'/'))


class Large(Scene):
    def test_256_kib_stays_in_and_one_byte_more_stands_apart(self):
        self.c.put('q', body_of(1, OVER))
        self.assertEqual(self.fields(), 0)
        before = self.log_bytes()
        self.c.put('q', body_of(2, LARGE))
        self.assertEqual(self.fields(), 1)
        self.assertLess(self.log_bytes() - before, 1000)
        self.restart()
        self.assertEqual(self.c.get('q')['body'], body_of(1, OVER))
        self.assertEqual(self.c.get('q')['body'], body_of(2, LARGE))

    def test_at_the_limit_of_64_mib(self):
        body = body_of(3, 64 << 20)
        self.c.put('q', body)
        self.restart()
        self.assertEqual(self.c.get('q')['body'], body)

    def test_an_mput_of_large_bodies_is_whole_or_nothing(self):
        bodies = [body_of(i, LARGE + i if i % 2 else 100) for i in range(20)]
        self.c.call('MPUT', 'q', 'BODIES', 20, *bodies)
        self.assertEqual(self.fields(), 10)
        self.restart()
        self.assertEqual([self.c.get('q')['body'] for _ in range(20)], bodies)

    def test_whatever_ends_the_job_deletes_the_body(self):
        for i in range(4):
            self.c.put('q', body_of(i))
        cancelled = self.c.put('other', body_of(5))
        self.c.put('result', body_of(7), 'KEEP', 60000)
        self.assertEqual(self.fields(), 6)
        self.c.done(self.c.get('q')['lease'])
        self.until_fields(5)
        self.c.put('expires', body_of(6), 'TTL', 50)
        self.until_fields(5)
        self.c.call('CANCEL', cancelled)
        self.until_fields(4)
        self.c.call('DONE', self.c.get('result')['lease'], 'RESULT', 'small')
        self.until_fields(3)
        self.c.call('FAIL', self.c.get('q')['lease'], 'DEAD')
        self.idle()
        self.assertEqual(self.fields(), 3)  # a dead job keeps it
        self.assertEqual(self.c.call('KICK', 'q'), 1)
        self.c.call('PURGE', 'q')
        self.until_fields(0)

    def test_another_body_replaces_it_and_never_before_its_commit(self):
        job = self.c.put('q', body_of(1), 'UNIQUE', 'k')
        first = self.r.call('HKEYS', BIG)
        self.c.call('PUT', 'q', body_of(2), 'UNIQUE', 'k', 'REPLACE')
        self.idle()
        self.until_fields(1)
        self.assertNotEqual(self.r.call('HKEYS', BIG), first)
        # The next one's commit is refused: Redis has its body, and the old one stays.
        self.r.call('ACL', 'SETUSER', 'default', '-xadd', '-eval')
        self.c.send('PUT', 'q', body_of(3), 'UNIQUE', 'k', 'REPLACE')
        self.until_fields(2)
        self.ringqd.kill()
        self.r.call('ACL', 'SETUSER', 'default', '+@all')
        self.restart()
        self.assertEqual(self.fields(), 1)
        self.c.call('PUT', 'q', 'small', 'UNIQUE', 'k', 'REPLACE')
        self.until_fields(0)
        self.c.call('PUT', 'q', body_of(4), 'UNIQUE', 'k', 'REPLACE')
        self.restart()
        got = self.c.get('q')
        self.assertEqual((got['id'], got['body']), (job, body_of(4)))

    def test_a_crash_between_body_and_commit_leaves_nothing(self):
        self.c.put('q', body_of(1))
        self.idle()
        self.r.call('ACL', 'SETUSER', 'default', '-xadd', '-eval')
        self.c.send('PUT', 'q', body_of(2))
        self.until_fields(2)
        self.ringqd.kill()
        self.r.call('ACL', 'SETUSER', 'default', '+@all')
        self.restart()
        self.assertEqual(self.fields(), 1)
        self.assertEqual(self.c.stats('q')['ready'], 1)
        self.assertEqual(self.c.get('q')['body'], body_of(1))
        self.assertIn('event=big_bodies_deleted count=1', self.ringqd.log_text())

    def test_crashes_at_any_time_lose_nothing_that_was_answered(self):
        answered = set()
        for life in range(5):
            with self.ringqd.client() as c:
                for i in range(8):
                    c.send('PUT', 'q', body_of((life, i), LARGE + i))
                for i in range(life + 1):
                    c.read()
                    answered.add(body_of((life, i), LARGE + i))
            self.restart()
        count = self.c.stats('q')['ready']
        self.assertEqual(self.fields(), count)
        got = [self.c.get('q')['body'] for _ in range(count)]
        self.assertEqual(len(got), len(set(got)))
        self.assertLessEqual(answered, set(got))

    def test_a_full_redis_refuses_it_and_can_be_drained(self):
        self.c.put('q', body_of(1))
        self.r.call('CONFIG', 'SET', 'maxmemory', 1)
        self.refuses(self.c, 'STORE', 'PUT', 'q', body_of(2))
        self.c.done(self.c.get('q')['lease'])
        self.until_fields(0)
        self.r.call('CONFIG', 'SET', 'maxmemory', 0)
        ringqd.wait_until(self.takes_more, 'room')
        self.until_fields(1)

    def takes_more(self):
        try:
            return self.c.put('q', body_of(3))
        except resp.Error:
            return None

    def test_flushall_is_repaired_with_the_bodies(self):
        for i in range(6):
            self.c.put('q', body_of(i, LARGE + i))
        self.c.done(self.c.get('q')['lease'])
        held = self.c.get('q', 'TTR', 600000)
        self.idle()
        self.r.call('FLUSHALL')
        ringqd.wait_until(lambda: self.c.stats()['store_repairs'] == 1, 'the repair', 10)
        self.until_fields(5)
        self.c.done(held['lease'])
        self.until_fields(4)
        self.restart()
        self.assertEqual([self.c.get('q')['body'] for _ in range(4)], [body_of(i, LARGE + i) for i in range(2, 6)])
        self.assertEqual(self.fields(), 4)


class Damaged(Scene):
    """Found when the body is needed; it costs the one job that it belongs to."""

    def dead_by(self, spoil, reason):
        good, bad, other = (self.c.put('q', body_of(i)) for i in range(3))
        small = self.c.put('q', 'small')
        self.idle()
        spoil(bad)
        self.restart()
        self.assertEqual([self.c.get('q')['id'] for _ in range(3)], [good, other, small])
        self.assertIsNone(self.c.get_now('q'))
        self.idle()
        shown = resp.pairs(self.c.call('SHOW', bad))
        self.assertEqual((shown['state'], shown['error']), (b'dead', reason.encode()))
        self.assertIn('event=bodies_lost jobs=1', self.ringqd.log_text())
        self.assertEqual(self.c.call('KICK', bad), 0)  # there is nothing to deliver
        stats = self.c.stats('q')
        self.assertEqual((stats['leased'], stats['dead'], stats['total_dead']), (3, 1, 1))
        self.restart()
        stats = self.c.stats('q')
        self.assertEqual((stats['ready'], stats['dead'], stats['total_dead']), (3, 1, 1))
        self.c.call('KICK', 'q')  # in vain: it dies again
        self.assertEqual(sorted(self.c.get('q')['id'] for _ in range(3)), sorted([good, other, small]))
        self.assertIsNone(self.c.get_now('q'))
        self.idle()
        self.assertEqual(self.c.stats('q')['dead'], 1)
        self.assertEqual(self.c.call('PURGE', 'q', 'STATE', 'dead'), 1)
        self.until_fields(2)
        self.restart()
        self.refuses(self.c, 'NOJOB', 'SHOW', bad)

    def test_a_flipped_byte_costs_one_job(self):
        self.dead_by(lambda job: self.flip(self.field_of(job)), 'corrupt')

    def test_a_missing_body_costs_one_job(self):
        self.dead_by(lambda job: self.r.call('HDEL', BIG, self.field_of(job)), 'lost')

    def test_the_body_of_another_job_is_not_taken(self):
        def swap(job):
            other = next(f for f in self.r.call('HKEYS', BIG) if f != self.field_of(job))
            self.r.call('HSET', BIG, self.field_of(job), self.r.call('HGET', BIG, other))
        self.dead_by(swap, 'corrupt')


class NotInMemory(Scene):
    options = ('--body-memory', '4MiB')

    def test_a_restart_reads_what_there_is_room_for_and_a_get_its_own(self):
        for i in range(30):
            self.c.put('q', body_of(i, 1 << 20))
        self.idle()
        before = self.calls('hget')
        self.restart()
        self.assertEqual(self.c.stats('q')['ready'], 30)
        ringqd.wait_until(lambda: self.c.stats()['body_bytes'] > 2 << 20, 'some to come back')
        self.assertLess(self.calls('hget') - before, 12)
        for i in range(30):
            self.assertEqual(self.c.get('q')['body'], body_of(i, 1 << 20))
        job = self.c.put('shown', body_of(99))
        self.restart()
        self.assertEqual(resp.pairs(self.c.call('SHOW', job, 'BODY'))['body'], body_of(99))


class InMemory(Scene):
    def test_with_room_all_come_back_and_outlive_a_flushall(self):
        for i in range(30):
            self.c.put('q%d' % (i % 3), body_of(i))
        self.idle()
        self.restart()
        ringqd.wait_until(lambda: self.c.stats()['jobs_away'] == 0, 'all to come back')
        self.r.call('FLUSHALL')
        ringqd.wait_until(lambda: self.c.stats()['store_repairs'] == 1, 'the repair')
        self.until_fields(30)
        self.restart()
        for i in range(30):
            self.assertEqual(self.c.get('q%d' % (i % 3))['body'], body_of(i))


class Compacted(Scene):
    options = ('--log-spare', '64KiB', '--durability', 'redis', '--body-memory', '1MiB')

    def compact(self):
        """Five large bodies and 200 small ones sit still while others pass."""
        before = self.calls('hset'), self.ringqd.log_text().count('event=log_compacted')
        for _ in range(100):
            self.c.call('MPUT', 'passing', 'BODIES', 100, *(b'p' * 300 for _ in range(100)))
            for job in map(resp.as_job, self.c.call('GET', 'passing', 'COUNT', 100)):
                self.c.done(job['lease'])
            if self.ringqd.log_text().count('event=log_compacted') > before[1]:
                break
        else:
            self.fail('nothing was compacted')
        self.idle()
        self.assertEqual(self.fields(), 5)
        self.assertEqual(self.calls('hset'), before[0])
        self.assertLess(self.c.stats()['log_bytes'], 2 * OVER)

    def test_only_the_reference_is_written_again(self):
        for i in range(5):
            self.c.put('still', body_of(i))
        for i in range(200):
            self.c.put('small', 'x' * 100)
        self.compact()
        self.restart()
        self.compact()
        self.restart()
        self.assertEqual([self.c.get('still')['body'] for _ in range(5)], [body_of(i) for i in range(5)])


class LookedAt(Scene):
    def log(self, word, status=0):
        done = subprocess.run([ringqd.RINGQD, 'log', word, '--redis', self.own.url], env=ringqd.environment(),
                              timeout=ringqd.PATIENCE, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done)
        return done.stdout

    def test_check_dump_and_stats_know_large_bodies(self):
        job = self.c.put('q', body_of(1))
        other = self.c.put('q', body_of(2))
        self.c.put('q', body_of(3))
        self.c.put('q', 'small')
        self.c.done(self.c.get('q')['lease'])
        self.idle()
        self.until_fields(2)
        self.assertRegex(self.log('check'), rf'^good: .* bytes; 2 large bodies, {2 * LARGE} bytes\n$')
        stats = dict(line.split() for line in self.log('stats').splitlines())
        self.assertEqual((stats['big_bodies'], stats['big_bytes'], stats['big_damaged']), ('2', str(2 * LARGE), '0'))
        self.assertEqual((stats['records_PUT'], stats['body_bytes']), ('4', '5'))
        put = next(line for line in self.log('dump').splitlines() if f'PUT job={job} ' in line)
        self.assertRegex(put, rf'body_bytes={LARGE} apart=\d+-\d+$')
        field = self.field_of(other)
        self.flip(field)
        said = self.log('check', status=1)
        self.assertIn(f'big {field.decode()} DAMAGED: the body is damaged: its checksum does not fit', said)
        self.assertIn('1 of 2 large bodies are damaged', said)
        self.r.call('HDEL', BIG, field)
        self.assertIn(f'big {field.decode()} DAMAGED: the body is missing', self.log('check', status=1))


if __name__ == '__main__':
    ringqd.main()
