#!/usr/bin/env python3
"""limits_test - every number that a command takes, at both ends of its range and one past them;
and how many, how long, how much: at the limit and one past it.

The values stand here as docs/protocol.md says them, not as the sources do. Limits that need a
crowd are tested where that is: batch_test, cron_test, floods_test, frames_test, get_test.
SPDX-License-Identifier: MIT
"""
import re

import resp
import ringqd

DAY = 24 * 3600 * 1000
WEEK, TEN_YEARS = 7 * DAY, 3650 * DAY
YEAR_9999 = 253402300799999  # its last millisecond
MOST = (1 << 63) - 1

# By the struct of the source that takes them: each option with both ends of its range.
ENDS = {
    'rq_put': {'DELAY': (0, TEN_YEARS), 'AT': (0, YEAR_9999), 'PRI': (0, 255), 'TTR': (1000, DAY), 'TTL': (1, TEN_YEARS),
               'KEEP': (0, WEEK), 'TRIES': (1, 65535), 'JITTER': (0, 100), 'WINDOW': (0, WEEK), 'BLOCK': (0, TEN_YEARS)},
    'rq_get': {'BLOCK': (0, TEN_YEARS), 'COUNT': (1, 1024), 'TTR': (1000, DAY)},
    'rq_leases': {'TTR': (1000, DAY), 'PROGRESS': (0, 100)},
    'rq_fail': {'DELAY': (0, TEN_YEARS)},
    'rq_release': {'DELAY': (0, TEN_YEARS)},
    'rq_join': {'BLOCK': (0, TEN_YEARS)},
    'rq_batch': {'KEEP': (0, WEEK)},
    'rq_wait': {'BLOCK': (0, TEN_YEARS)},
    'rq_kick': {'COUNT': (1, MOST)},
    'rq_peek': {'COUNT': (1, 1024)},
    'rq_reschedule': {'DELAY': (0, TEN_YEARS), 'AT': (0, YEAR_9999)},
    'rq_queue_set': {'MAXSIZE': (0, MOST), 'TTR': (1000, DAY), 'TRIES': (1, 65535), 'CONCURRENCY': (0, (1 << 32) - 1),
                     'GROUPLIMIT': (0, (1 << 32) - 1), 'DEADMAX': (0, MOST)},
    'rq_watch': {'EVERY': (100, 3600 * 1000)},
}


class Limits(ringqd.SharedTest):
    def leased(self, queue=None):
        """The lease of a job that is there for it."""
        self.c.put(queue or self.q, 'x')
        return self.c.get(queue or self.q)['lease']

    def leases(self, n):
        self.c.call('MPUT', self.q, 'BODIES', n, *range(n))
        return [resp.as_job(job)['lease'] for job in self.c.call('GET', self.q, 'COUNT', n)]


class Numbers(Limits):
    def holds(self, ends, command):
        """`command(*words)` is a command that can be carried out, with these words in it."""
        for option, (low, high) in ends.items():
            for value in (low, high):
                with self.subTest(option=option, value=value):
                    self.c.call(*command(option, value))
            for value in (low - 1, high + 1):
                with self.subTest(option=option, value=value):
                    self.assertIn(option, self.refuses(self.c, 'BADARG', *command(option, value)))

    def test_every_number_of_the_tables_of_options_is_tested_here(self):
        known = {}
        for file in (ringqd.ROOT / 'common/wire').glob('parse*.c'):
            for option, struct in re.findall(r'\.name = "(\w+)",\s+[UI]\d+\((\w+),', file.read_text(encoding='utf-8')):
                known.setdefault(struct, set()).add(option)
        self.assertEqual(known, {struct: set(ends) for struct, ends in ENDS.items()})

    def test_of_put(self):
        self.holds(ENDS['rq_put'], lambda *words: ('PUT', self.q, 'x', *self.with_key(words)))

    @staticmethod
    def with_key(words):
        """WINDOW is nothing without a key, here each time another one."""
        return ('UNIQUE', f'key of {words[1]}', *words) if words[0] == 'WINDOW' else words

    def test_of_mput(self):
        ends = {option: both for option, both in ENDS['rq_put'].items() if option != 'WINDOW'}
        self.holds(ends, lambda *words: ('MPUT', self.q, *words, 'BODIES', 2, 'x', 'y'))

    def test_of_cron(self):
        ends = {option: both for option, both in ENDS['rq_put'].items() if option not in ('AT', 'BLOCK')}
        self.holds(ends, lambda *words: ('CRON', 'ADD', 'entry', self.q, '@yearly', 'x', *self.with_key(words)))

    def test_of_backoff(self):
        for words in (('FIXED', 0), ('FIXED', DAY), ('EXP', 5, 5), ('EXP', 0, DAY)):
            with self.subTest(words):
                self.c.put(self.q, 'x', 'BACKOFF', *words)
        for words in (('FIXED', -1), ('FIXED', DAY + 1), ('EXP', 5, 4), ('EXP', 0, DAY + 1)):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'BACKOFF', *words)

    def test_of_get(self):
        def get(*words):
            self.c.put(self.q, 'x')
            return ('GET', self.q, *words)

        self.holds(ENDS['rq_get'], get)

    def test_of_the_weights_of_get(self):
        for weight in (1, 1000):
            self.assertIsNone(self.c.get_now(f'{self.q}:{weight}'))
        for weight in (0, 1001, -1, ''):
            with self.subTest(weight):
                self.refuses(self.c, 'BADARG', 'GET', f'{self.q}:{weight}', 'BLOCK', 0)

    def test_of_touch(self):
        self.holds(ENDS['rq_leases'], lambda *words: ('TOUCH', self.leased(), *words))
        self.holds({'TTR': (1000, DAY)}, lambda *words: ('TOUCH', 'ALL', *words))

    def test_of_fail(self):
        self.holds(ENDS['rq_fail'], lambda *words: ('FAIL', self.leased(), *words))

    def test_of_release(self):
        self.holds(ENDS['rq_release'], lambda *words: ('RELEASE', self.leased(), *words))

    def test_of_join(self):
        self.holds(ENDS['rq_join'], lambda *words: ('JOIN', self.q, *words))

    def test_of_join_batch(self):
        batch = self.c.call('BATCH', 'NEW')
        self.c.call('BATCH', 'CLOSE', batch)
        self.holds(ENDS['rq_join'], lambda *words: ('JOIN', 'BATCH', batch, *words))

    def test_of_batch(self):
        self.holds(ENDS['rq_batch'], lambda *words: ('BATCH', 'NEW', *words))

    def test_of_wait(self):
        ended = self.c.put(self.q, 'x', 'KEEP', 60000)
        self.c.call('CANCEL', ended)
        self.holds(ENDS['rq_wait'], lambda *words: ('WAIT', ended, *words))

    def test_of_kick(self):
        self.holds(ENDS['rq_kick'], lambda *words: ('KICK', self.q, *words))

    def test_of_peek(self):
        self.holds(ENDS['rq_peek'], lambda *words: ('PEEK', self.q, *words))

    def test_of_reschedule(self):
        waiting = self.c.put(self.q, 'x')
        self.holds(ENDS['rq_reschedule'], lambda *words: ('RESCHEDULE', waiting, *words))

    def test_of_queue_set(self):
        self.holds(ENDS['rq_queue_set'], lambda *words: ('QUEUE', 'SET', self.q, *words))

    def test_of_the_rate_of_a_queue(self):
        for rate in (0, '0/s', 1000000000, '1000000000/s', '7/S'):
            self.c.call('QUEUE', 'SET', self.q, 'RATE', rate)
        for rate in (-1, 1000000001, '1000000001/s', '/s', '7/m'):
            with self.subTest(rate):
                self.refuses(self.c, 'BADARG', 'QUEUE', 'SET', self.q, 'RATE', rate)

    def test_of_watch(self):
        for value in ENDS['rq_watch']['EVERY']:
            self.assertIsInstance(self.connect().call('WATCH', self.q, 'EVERY', value), list)
        for value in (99, 3600001):
            self.refuses(self.c, 'BADARG', 'WATCH', self.q, 'EVERY', value)

    def test_of_the_fields_of_a_cron_spec(self):
        for spec in ('0 0 1 1 0', '59 23 31 12 7', '*/59 * * * *', '@every 1s', '@every 3650d'):
            with self.subTest(spec):
                self.c.call('CRON', 'ADD', 'entry', self.q, spec, 'x')
        for spec in ('60 0 1 1 0', '0 24 1 1 0', '0 0 0 1 *', '0 0 32 1 *', '0 0 1 0 *', '0 0 1 13 *', '0 0 1 1 8', '*/0 * * * *',
                     '@every 0s', '@every 3651d'):
            with self.subTest(spec):
                self.refuses(self.c, 'BADARG', 'CRON', 'ADD', 'entry', self.q, spec, 'x')


class Names(Limits):
    def test_a_queue_has_128_bytes_wherever_it_is_named(self):
        for command in (('PUT', '{}', 'x'), ('MPUT', '{}', 'BODIES', 1, 'x'), ('GET', '{}', 'BLOCK', 0), ('JOIN', '{}', 'BLOCK', 0),
                        ('KICK', '{}'), ('PURGE', '{}'), ('PEEK', '{}'), ('QUEUE', 'SET', '{}', 'OPEN'), ('PAUSE', '{}'),
                        ('RESUME', '{}'), ('SHUTDOWN', '{}'), ('STATS', '{}'), ('QSIZE', '{}'), ('WATCH', '{}'), ('EVENTS', '{}'),
                        ('CRON', 'ADD', 'entry', '{}', '@yearly', 'x')):
            with self.subTest(command[0]):
                good, bad = ([str(word).format(name) for word in command] for name in ('n' * 128, 'n' * 129))
                self.connect().call(*good)
                self.refuses(self.c, 'BADARG', *bad)
                self.c.call('QUEUE', 'SET', 'n' * 128, 'OPEN')

    def test_a_job_goes_to_a_queue_whose_name_has_128_bytes(self):
        ident = self.c.put(self.q, 'x')
        self.refuses(self.c, 'BADARG', 'REQUEUE', ident, 'm' * 129)
        self.assertEqual(self.c.call('REQUEUE', ident, 'm' * 128), 'OK')

    def test_a_pattern_has_128_bytes(self):
        self.assertEqual(self.c.call('QUEUES', '*' * 127 + '!'), [])
        self.refuses(self.c, 'BADARG', 'QUEUES', '*' * 128 + '!')

    def test_a_worker_has_a_name_of_128_bytes(self):
        for words in (('HELLO', 2, 'NAME'), ('CLIENT', 'SETNAME')):
            self.c.call(*words, 'w' * 128)
            self.assertEqual(self.c.call('CLIENT', 'GETNAME'), b'w' * 128)
            self.refuses(self.c, 'BADARG', *words, 'w' * 129)
            self.assertEqual(self.c.call('CLIENT', 'GETNAME'), b'w' * 128)

    def test_a_time_zone_has_64_bytes(self):
        self.assertIn('time zone', self.refuses(self.c, 'BADARG', 'CRON', 'ADD', 'e', self.q, '@daily', 'x', 'TZ', 'Z' * 64))
        self.assertIn('one zone', self.refuses(self.c, 'BADARG', 'CRON', 'ADD', 'e', self.q, '@daily', 'x', 'TZ', 'Z' * 65))


class Headers(Limits):
    def test_a_job_has_16(self):
        headers = [word for i in range(16) for word in ('HEADER', f'name{i}', i)]
        self.assertEqual(len(self.c.show(self.c.put(self.q, 'x', *headers))['headers']), 32)
        self.refuses(self.c, 'LIMIT', 'PUT', self.q, 'x', *headers, 'HEADER', 'name16', 16)
        self.assertEqual(self.c.call('QSIZE', self.q), 1)

    def test_16_of_the_largest_come_with_the_job(self):
        headers = [word for i in range(16) for word in ('HEADER', chr(97 + i) * 64, chr(97 + i) * 1024)]
        self.c.put(self.q, 'x', *headers, 'UNIQUE', 'u' * 255, 'GROUP', 'g' * 255)
        self.assertEqual(self.c.get(self.q)['headers'], [word.encode() for i, word in enumerate(headers) if i % 3])

    def test_a_name_has_64_bytes_and_a_value_1024(self):
        self.c.put(self.q, 'x', 'HEADER', 'n' * 64, 'v' * 1024)
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'HEADER', 'n' * 65, 'v')
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'HEADER', '', 'v')
        self.refuses(self.c, 'LIMIT', 'PUT', self.q, 'x', 'HEADER', 'n', 'v' * 1025)
        self.c.put(self.q, 'x', 'HEADER', '!', '')
        self.assertEqual(self.c.call('QSIZE', self.q), 2)


class Counts(Limits):
    def test_1024_leases_are_touched_and_no_more(self):
        leases = self.leases(1024)
        self.assertEqual(len(self.c.call('TOUCH', *leases)), 1024)
        self.refuses(self.c, 'LIMIT', 'TOUCH', *leases, leases[0])
        self.assertEqual(self.c.done(*leases), 1024)

    def test_1024_jobs_are_cancelled_and_no_more(self):
        ids = self.c.call('MPUT', self.q, 'BODIES', 1025, *range(1025))
        self.refuses(self.c, 'LIMIT', 'CANCEL', *ids)
        self.assertEqual(self.c.call('QSIZE', self.q), 1025)
        self.assertEqual(self.c.call('CANCEL', *ids[:1024]), 1024)

    def test_1024_jobs_are_kicked_and_no_more(self):
        leases = self.leases(1024)
        self.assertEqual({tuple(r) for r in self.c.pipeline(('FAIL', lease, 'DEAD') for lease in leases)}, {(b'dead', 0)})
        ids = [lease.rpartition(':')[0] for lease in leases]
        self.refuses(self.c, 'LIMIT', 'KICK', self.q, 'ID', *ids, ids[0])
        self.assertEqual(self.c.call('KICK', self.q, 'ID', *ids), 1024)

    def test_64_jobs_are_waited_for_and_no_more(self):
        ids = self.c.call('MPUT', self.q, 'KEEP', 60000, 'BODIES', 65, *range(65))
        self.c.call('CANCEL', *ids)
        self.assertEqual(len(self.c.call('WAIT', *ids[:64])), 64)
        self.refuses(self.c, 'LIMIT', 'WAIT', *ids)

    def test_64_queues_are_joined_or_taken_from_and_no_more(self):
        queues = [f'{self.q}.{i}' for i in range(65)]
        for verb in ('JOIN', 'GET'):
            self.c.call(verb, ','.join(queues[:64]), 'BLOCK', 0)
            self.refuses(self.c, 'LIMIT', verb, ','.join(queues), 'BLOCK', 0)

    def test_a_match_has_8_terms_of_128_bytes(self):
        self.c.put(self.q, 'x', 'HEADER', 'h', 'v')
        self.assertEqual(len(self.c.call('PEEK', self.q, 'MATCH', ' '.join(['header.h:v'] * 8))), 1)
        self.refuses(self.c, 'LIMIT', 'PEEK', self.q, 'MATCH', ' '.join(['header.h:v'] * 9))
        for field in ('header.h:', 'error:', 'group:'):
            self.c.call('PEEK', self.q, 'MATCH', field + '*' * 128)
            self.refuses(self.c, 'BADARG', 'PEEK', self.q, 'MATCH', field + '*' * 129)

    def test_the_number_of_bodies_is_that_which_is_said(self):
        self.c.call('MPUT', self.q, 'BODIES', 1, 'x')
        self.refuses(self.c, 'ERR', 'MPUT', self.q, 'BODIES', 1, 'x', 'y')
        self.refuses(self.c, 'ERR', 'MPUT', self.q, 'BODIES', 2, 'x')
        self.refuses(self.c, 'BADARG', 'MPUT', self.q, 'BODIES', 0, 'x')
        self.refuses(self.c, 'BADARG', 'MPUT', self.q, 'BODIES', 1048577, 'x')

    def test_a_command_has_1048576_words_and_no_more(self):
        n = 1 << 20
        self.c.raw(b'*%d\r\n$4\r\nPING\r\n' % n + b'$0\r\n\r\n' * (n - 1))
        self.assertEqual(self.c.read().code, 'ERR')
        self.assertEqual(self.c.call('PING'), 'PONG')  # it was whole
        self.c.raw(b'*%d\r\n' % (n + 1))
        self.assertTrue(self.c.rest().startswith(b'-TOOBIG '))


class Bytes(Limits):
    def test_a_result_may_be_as_large_as_a_body(self):
        ident = self.c.put(self.q, 'x', 'KEEP', 60000)
        lease = self.c.get(self.q)['lease']
        over = self.connect()
        over.raw(resp.encode('DONE', lease, 'RESULT', b'r' * ((1 << 20) + 1))[:200])
        self.assertTrue(over.rest().startswith(b'-TOOBIG '))
        self.assertEqual(self.c.done(lease, 'RESULT', b'r' * (1 << 20)), 1)
        self.assertEqual(self.c.call('WAIT', ident)[0][2], b'r' * (1 << 20))


class Connection(ringqd.Test):
    def test_65536_leases_are_held_and_no_more(self):
        server = self.start()
        with server.client() as c, server.client() as other:
            for _ in range(7):
                c.call('MPUT', 'q', 'BODIES', 10000, *[''] * 10000)
            for _ in range(64):
                self.assertEqual(len(c.call('GET', 'q', 'COUNT', 1024)), 1024)
            self.refuses(c, 'LIMIT', 'GET', 'q')
            self.assertIsNotNone(other.get('q'))

    def test_1024_commands_wait_whatever_they_wait_for_and_no_more(self):
        server = self.start()
        with server.client() as c, server.client() as other:
            other.call('QUEUE', 'SET', 'full', 'MAXSIZE', 1)
            waited_for = other.put('full', 'x')
            batch = other.call('BATCH', 'NEW')
            kinds = [('GET', 'none'), ('JOIN', 'full'), ('WAIT', waited_for), ('PUT', 'full', 'y'), ('JOIN', 'BATCH', batch)]
            commands = [kinds[i % len(kinds)] for i in range(1024)]
            c.raw(b''.join(resp.encode(*command) for command in commands))
            figures = ringqd.wait_until(lambda: self.waiting(other), 'all to wait')
            self.assertEqual(figures, (205, 205))
            for kind in kinds:
                with self.subTest(kind):
                    c.send(*kind)
            other.call('SHUTDOWN', 'full', 'IMMEDIATE')
            other.call('SHUTDOWN', 'none')
            other.call('BATCH', 'CLOSE', batch)
            replies = [c.read() for _ in range(1024 + len(kinds))]
            self.assertEqual({r.code for r in replies[1024:]}, {'LIMIT'})
            self.assertNotIn('LIMIT', {r.code for r in replies[:1024] if isinstance(r, resp.Error)})

    @staticmethod
    def waiting(c):
        figures = c.stats('none')['waiting_getters'], c.stats('full')['waiting_putters']
        return figures if figures[1] >= 205 else None

    def test_puts_that_wait_hold_256_mib_and_no_more(self):
        server = self.start()
        body = 'b' * (1 << 20)
        with server.client() as c, server.client() as other:
            other.call('QUEUE', 'SET', 'full', 'MAXSIZE', 1)
            other.put('full', 'x')
            for _ in range(255):
                c.send('PUT', 'full', body)
            ringqd.wait_until(lambda: other.stats('full')['waiting_putters'] == 255, '255 putters')
            self.refuses(other, 'LIMIT', 'PUT', 'full', body)
            c.send('PUT', 'full', 'b' * ((1 << 20) - (128 << 10)))  # there is a little with each
            ringqd.wait_until(lambda: other.stats('full')['waiting_putters'] == 256, '256 putters')
            other.call('SHUTDOWN', 'full')
            self.assertEqual({c.read().code for _ in range(256)}, {'SHUTDOWN'})
            other.call('QUEUE', 'SET', 'full', 'OPEN')
            other.send('PUT', 'full', body, 'BLOCK', 20)  # and it is given back
            self.assertEqual(other.read().code, 'FULL')


if __name__ == '__main__':
    ringqd.main()
