#!/usr/bin/env python3
"""put_test - PUT and MPUT: every option at its limit and one past it.

SPDX-License-Identifier: MIT
"""
import re
import time

import resp
import ringqd

DAY_MS = 24 * 3600 * 1000
TEN_YEARS_MS = 3650 * DAY_MS


class Put(ringqd.SharedTest):
    def test_it_answers_id_state_and_durability(self):
        job, state, durability = self.c.call('PUT', self.q, 'hello')
        self.assertRegex(job, re.compile(rb'^[1-9]\d*-[1-9]\d*$'))
        self.assertEqual((state, durability), (b'queued', b'redis'))

    def test_ids_are_never_equal(self):
        ids = [r[0] for r in self.c.pipeline(('PUT', self.q, i) for i in range(500))]
        self.assertEqual(len(set(ids)), 500)

    def test_a_body_is_any_bytes_and_may_be_empty(self):
        for body in (b'', bytes(range(256)), b'*1\r\n$4\r\nQUIT\r\n', b'\r\n' * 100):
            self.c.put(self.q, body)
            self.assertEqual(self.c.get_now(self.q)['body'], body)

    def test_the_order_is_first_in_first_out(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(100))
        bodies = [int(self.c.get_now(self.q)['body']) for _ in range(100)]
        self.assertEqual(bodies, list(range(100)))

    def test_a_name_of_128_bytes_is_good_and_129_are_refused(self):
        self.c.put('n' * 128, 'x')
        self.refuses(self.c, 'BADARG', 'PUT', 'n' * 129, 'x')

    def test_a_name_outside_the_grammar_is_refused(self):
        self.c.put('AZaz09._-', 'x')
        for name in ('', 'a b', 'a/b', 'a,b', 'ä', 'a\0', 'a:1', '*'):
            with self.subTest(name):
                self.refuses(self.c, 'BADARG', 'PUT', name, 'x')

    def test_options_are_known_in_any_case_and_order(self):
        job = self.c.put(self.q, 'x', 'tries', 3, 'Ttr', 5000, 'pRi', 7)
        shown = self.c.show(job)
        self.assertEqual((int(shown['tries']), int(shown['ttr']), int(shown['pri'])), (3, 5000, 7))

    def test_an_unknown_option_is_refused(self):
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'COLOUR', 'red')
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'y')

    def test_an_option_without_its_value_is_refused(self):
        for option in ('DELAY', 'AT', 'PRI', 'TTR', 'TRIES', 'BACKOFF', 'JITTER'):
            with self.subTest(option):
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', option)

    def test_an_option_twice_is_refused(self):
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'PRI', 1, 'PRI', 1)

    def test_every_number_is_taken_at_its_limits_and_refused_one_past(self):
        for option, low, high in (('PRI', 0, 255), ('TTR', 1000, DAY_MS), ('TRIES', 1, 65535), ('JITTER', 0, 100),
                                  ('DELAY', 0, TEN_YEARS_MS)):
            with self.subTest(option):
                self.c.put(self.q, 'x', option, low)
                self.c.put(self.q, 'x', option, high)
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', option, low - 1)
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', option, high + 1)

    def test_what_is_no_number_is_refused(self):
        for value in ('', ' 5', '5 ', '0x5', '5.0', '+5', '99999999999999999999', 'five'):
            with self.subTest(value):
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'PRI', value)

    def test_a_lower_pri_is_served_first(self):
        for pri in (200, 0, 128, 255):
            self.c.put(self.q, pri, 'PRI', pri)
        self.c.put(self.q, 'default')
        bodies = [self.c.get_now(self.q)['body'] for _ in range(5)]
        self.assertEqual(bodies, [b'0', b'128', b'default', b'200', b'255'])

    def test_a_delayed_job_says_so_and_is_served_when_due(self):
        before = time.monotonic()
        self.assertEqual(self.c.call('PUT', self.q, 'x', 'DELAY', 150)[1], b'delayed')
        self.assertIsNone(self.c.get_now(self.q))
        self.assertEqual(self.c.stats(self.q)['delayed'], 1)
        self.assertEqual(self.c.get(self.q, 'BLOCK', 20000)['body'], b'x')
        self.assertGreaterEqual(time.monotonic() - before, 0.149)

    def test_delayed_jobs_come_in_the_order_of_their_times(self):
        for delay in (150, 50, 100):
            self.c.put(self.q, delay, 'DELAY', delay)
        bodies = [self.c.get(self.q, 'BLOCK', 20000)['body'] for _ in range(3)]
        self.assertEqual(bodies, [b'50', b'100', b'150'])

    def test_at_takes_a_time_of_the_clock_and_the_past_means_now(self):
        now = int(time.time() * 1000)
        self.assertEqual(self.c.call('PUT', self.q, 'x', 'AT', now + 60000)[1], b'delayed')
        self.assertEqual(self.c.call('PUT', self.q, 'y', 'AT', now - 60000)[1], b'queued')

    def test_delay_and_at_exclude_each_other(self):
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'DELAY', 1, 'AT', 1)

    def test_backoff_wants_a_kind_and_a_base(self):
        for backoff in (['FIXED', 0], ['LINEAR', 100], ['EXP', 100, 1000], ['exp', DAY_MS, DAY_MS]):
            with self.subTest(backoff):
                self.c.put(self.q, 'x', 'BACKOFF', *backoff)
        for backoff in (['SQUARE', 1], ['FIXED'], ['FIXED', -1], ['FIXED', DAY_MS + 1], ['EXP', 100, DAY_MS + 1]):
            with self.subTest(backoff):
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'BACKOFF', *backoff)

    def test_an_option_after_backoff_is_not_its_maximum(self):
        job = self.c.put(self.q, 'x', 'BACKOFF', 'FIXED', 100, 'PRI', 3)
        self.assertEqual(int(self.c.show(job)['pri']), 3)

    def test_a_body_of_1_mib_is_stored_and_one_byte_more_is_refused(self):
        body = b'm' * (1 << 20)
        self.c.put(self.q, body)
        self.assertEqual(self.c.get_now(self.q)['body'], body)
        other = self.connect()
        try:
            other.send('PUT', self.q, body + b'm')
            reply = other.read()
        except ConnectionError:  # the rest of the body met a closed socket
            reply = None
        if reply is not None:
            self.assertEqual(reply.code, 'TOOBIG')
        self.assertEqual(self.c.call('QSIZE', self.q), 0)


class Mput(ringqd.SharedTest):
    def test_it_answers_the_ids_in_the_order_of_the_bodies(self):
        ids = self.c.call('MPUT', self.q, 'BODIES', 3, 'a', 'b', 'c')
        jobs = [self.c.get_now(self.q) for _ in range(3)]
        self.assertEqual([j['id'].encode() for j in jobs], ids)
        self.assertEqual([j['body'] for j in jobs], [b'a', b'b', b'c'])

    def test_its_options_hold_for_every_body(self):
        for job in self.c.call('MPUT', self.q, 'PRI', 9, 'DELAY', 60000, 'BODIES', 2, 'a', 'b'):
            shown = self.c.show(job)
            self.assertEqual((int(shown['pri']), shown['state']), (9, b'delayed'))

    def test_a_number_that_does_not_fit_the_bodies_is_refused(self):
        for n in (0, 1, 3, -1, 'x'):
            with self.subTest(n):
                with self.assertRaises(resp.Error) as caught:
                    self.c.call('MPUT', self.q, 'BODIES', n, 'a', 'b')
                self.assertIn(caught.exception.code, ('BADARG', 'ERR'))
        self.assertEqual(self.c.call('QSIZE', self.q), 0)

    def test_one_bad_word_puts_nothing(self):
        self.refuses(self.c, 'BADARG', 'MPUT', self.q, 'PRI', 256, 'BODIES', 2, 'a', 'b')
        self.assertEqual(self.c.call('QSIZE', self.q), 0)

    def test_without_bodies_it_is_refused(self):
        with self.assertRaises(resp.Error):
            self.c.call('MPUT', self.q, 'PRI', 1, 'TTR', 1000)

    def test_ten_thousand_bodies_in_one_command(self):
        ids = self.c.call('MPUT', self.q, 'BODIES', 10000, *range(10000))
        self.assertEqual(len(set(ids)), 10000)
        self.assertEqual(self.c.call('QSIZE', self.q), 10000)


class SmallBodies(ringqd.SharedTest):
    args = ('--max-body', '64KiB')

    def test_the_limit_can_be_set_and_hello_says_it(self):
        self.assertEqual(resp.pairs(self.c.call('HELLO'))['body_max'], 65536)
        self.c.put(self.q, b'x' * 65536)
        self.c.raw(b'*3\r\n$3\r\nPUT\r\n$1\r\nq\r\n$65537\r\n')
        self.assertTrue(self.c.rest().startswith(b'-TOOBIG '))


class LargeBodies(ringqd.SharedTest):
    args = ('--max-body', '16MiB')

    def test_a_body_of_16_mib_comes_back_byte_for_byte(self):
        body = bytes(range(256)) * (1 << 16)
        self.c.put(self.q, body)
        self.assertEqual(self.c.get_now(self.q)['body'], body)

    def test_big_bodies_survive_a_restart(self):
        bodies = [bytes([i]) * size for i, size in enumerate((1, 256 << 10, (256 << 10) + 1, 3 << 20))]
        for body in bodies:
            self.c.put(self.q, body)
        self.server.restart()
        c = self.connect()
        self.assertEqual([c.get_now(self.q)['body'] for _ in bodies], bodies)


if __name__ == '__main__':
    ringqd.main()
