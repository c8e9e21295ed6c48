#!/usr/bin/env python3
"""settle_test - DONE, FAIL, RELEASE, TOUCH: what a worker says of a job it holds.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd

DAY_MS = 24 * 3600 * 1000


def now_ms():
    return int(time.time() * 1000)


class Settle(ringqd.SharedTest):
    def leased(self, *options):
        self.c.put(self.q, 'x', *options)
        return self.c.get(self.q)

    def leases(self, n):
        self.c.call('MPUT', self.q, 'BODIES', n, *range(n))
        return [resp.as_job(j)['lease'] for j in self.c.call('GET', self.q, 'COUNT', n)]


class Done(Settle):
    def test_it_counts_one_and_the_job_is_gone(self):
        job = self.leased()
        self.assertEqual(self.c.done(job['lease']), 1)
        self.refuses(self.c, 'NOJOB', 'SHOW', job['id'])
        stats = self.c.stats(self.q)
        self.assertEqual((stats['total_done'], stats['unfinished'], stats['leased']), (1, 0, 0))

    def test_it_finishes_many_at_once(self):
        self.assertEqual(self.c.done(*self.leases(50)), 50)

    def test_twice_is_refused(self):
        job = self.leased()
        self.c.done(job['lease'])
        self.refuses(self.c, 'NOJOB', 'DONE', job['lease'])

    def test_the_good_ones_are_finished_even_beside_a_bad_one(self):
        leases = self.leases(2)
        text = self.refuses(self.c, 'NOJOB', 'DONE', leases[0], '1-999999:1', leases[1])
        self.assertIn('COUNT 2', text)
        self.assertEqual(self.c.stats(self.q)['total_done'], 2)

    def test_the_same_lease_twice_in_one_command_counts_once(self):
        lease = self.leased()['lease']
        with self.assertRaises(resp.Error) as caught:
            self.c.done(lease, lease)
        self.assertIn(caught.exception.code, ('STALE', 'NOJOB'))
        self.assertEqual(self.c.stats(self.q)['total_done'], 1)

    def test_another_number_of_the_job_is_stale(self):
        job = self.leased()
        self.refuses(self.c, 'STALE', 'DONE', f'{job["id"]}:2')
        self.refuses(self.c, 'STALE', 'DONE', f'{job["id"]}:4294967297')
        self.assertEqual(self.c.done(job['lease']), 1)

    def test_an_unknown_job_is_nojob(self):
        self.refuses(self.c, 'NOJOB', 'DONE', '1-18446744073709551615:1')

    def test_what_is_no_lease_is_refused_and_nothing_is_done(self):
        job = self.leased()
        for word in (job['id'], '', ':', '1:1', '0-1:1', '1-0:1', '1-1:0', '-1-1:1', '1-1:1 ', '1-1:x',
                     '1-18446744073709551616:1', '01-1:1'):
            with self.subTest(word):
                self.refuses(self.c, 'BADARG', 'DONE', job['lease'], word)
        self.assertEqual(self.c.done(job['lease']), 1)

    def test_1024_leases_are_good_and_one_more_is_refused(self):
        leases = self.leases(1024)
        with self.assertRaises(resp.Error) as caught:
            self.c.done(*leases, leases[0])
        self.assertIn(caught.exception.code, ('BADARG', 'LIMIT'))
        self.assertEqual(self.c.done(*leases), 1024)

    def test_a_result_goes_with_one_lease_only(self):
        self.assertEqual(self.c.done(self.leased()['lease'], 'RESULT', bytes(range(256))), 1)
        leases = self.leases(2)
        self.refuses(self.c, 'BADARG', 'DONE', *leases, 'RESULT', 'r')
        self.refuses(self.c, 'BADARG', 'DONE', leases[0], 'RESULT')

    def test_any_connection_may_use_a_lease(self):
        self.assertEqual(self.connect().done(self.leased()['lease']), 1)


class Fail(Settle):
    def test_the_job_comes_again_after_its_backoff_with_the_error(self):
        job = self.leased('BACKOFF', 'FIXED', 50, 'JITTER', 0)
        self.assertEqual(self.c.call('FAIL', job['lease'], 'ERROR', 'no such host')[0], b'delayed')
        again = self.c.get(self.q, 'BLOCK', 20000)
        self.assertEqual((again['id'], again['attempt'], again['error']), (job['id'], 2, b'no such host'))

    def failed(self, lease, *options):
        """FAIL, and the delay of the retry as an interval: it began within the call."""
        before = now_ms()
        retry = self.c.call('FAIL', lease, *options)[1]
        return retry - now_ms() - 1, retry - before + 1

    def test_backoff_grows_as_asked(self):
        for kind, delays in (('FIXED', (100, 100, 100)), ('LINEAR', (100, 200, 250)), ('EXP', (100, 200, 250, 250))):
            with self.subTest(kind):
                queue = f'{self.q}.{kind}'
                self.c.put(queue, 'x', 'BACKOFF', kind, 100, 250, 'JITTER', 0)
                for n, expected in enumerate(delays):
                    low, high = self.failed(self.c.get(queue)['lease'])
                    self.assertTrue(low <= expected <= high, (n, low, high))

    def test_jitter_stays_within_its_percentage(self):
        middles = []
        for _ in range(40):
            low, high = self.failed(self.leased('BACKOFF', 'FIXED', 100000, 'JITTER', 50)['lease'])
            self.assertTrue(low <= 150_000 and high >= 50_000, (low, high))
            middles.append((low + high) / 2)
        self.assertGreater(max(middles) - min(middles), 5000)

    def test_delay_overrules_the_backoff(self):
        job = self.leased()
        self.c.call('FAIL', job['lease'], 'DELAY', 0)
        self.assertEqual(self.c.get(self.q, 'BLOCK', 20000)['attempt'], 2)

    def test_dead_ends_it(self):
        job = self.leased()
        self.assertEqual(self.c.call('FAIL', job['lease'], 'ERROR', 'poison', 'DEAD'), [b'dead', 0])
        shown = self.c.show(job['id'])
        self.assertEqual((shown['state'], shown['error']), (b'dead', b'poison'))
        stats = self.c.stats(self.q)
        self.assertEqual((stats['dead'], stats['unfinished'], stats['total_dead']), (1, 0, 1))

    def test_the_last_of_tries_ends_it(self):
        job = self.leased('TRIES', 1)
        self.assertEqual(self.c.call('FAIL', job['lease']), [b'dead', 0])

    def test_4096_bytes_of_an_error_are_kept(self):
        job = self.leased()
        self.c.call('FAIL', job['lease'], 'ERROR', b'e' * 5000, 'DEAD')
        self.assertEqual(self.c.show(job['id'])['error'], b'e' * 4096)

    def test_an_error_is_any_bytes(self):
        job = self.leased()
        self.c.call('FAIL', job['lease'], 'ERROR', b'\r\n-ERR \0\xff', 'DELAY', 0)
        self.assertEqual(self.c.get(self.q, 'BLOCK', 20000)['error'], b'\r\n-ERR \0\xff')

    def test_dead_and_delay_exclude_each_other(self):
        job = self.leased()
        self.refuses(self.c, 'BADARG', 'FAIL', job['lease'], 'DEAD', 'DELAY', 5)
        self.refuses(self.c, 'BADARG', 'FAIL', job['lease'], 'WHY', 5)
        self.refuses(self.c, 'BADARG', 'FAIL', job['lease'], 'ERROR')
        self.assertEqual(self.c.done(job['lease']), 1)

    def test_a_lease_that_is_not_current_is_stale(self):
        job = self.leased()
        self.c.call('FAIL', job['lease'], 'DELAY', 0)
        for command in (['FAIL', job['lease']], ['DONE', job['lease']], ['RELEASE', job['lease']],
                        ['TOUCH', job['lease']]):
            with self.subTest(command):
                self.refuses(self.c, 'STALE', *command)


class Release(Settle):
    def test_the_attempt_is_not_counted(self):
        job = self.leased()
        self.assertEqual(self.c.call('RELEASE', job['lease']), 'OK')
        again = self.c.get_now(self.q)
        self.assertEqual((again['id'], again['attempt']), (job['id'], 1))
        self.assertNotEqual(again['lease'], job['lease'])

    def test_with_a_delay_it_waits(self):
        job = self.leased()
        self.c.call('RELEASE', job['lease'], 'DELAY', 60000)
        self.assertIsNone(self.c.get_now(self.q))
        self.assertEqual(self.c.stats(self.q)['delayed'], 1)

    def test_bad_words_are_refused(self):
        job = self.leased()
        for words in (['DELAY'], ['DELAY', -1], ['NOW']):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG', 'RELEASE', job['lease'], *words)


class Touch(Settle):
    def test_it_says_the_new_deadline(self):
        job = self.leased('TTR', 5000)
        before = now_ms()
        touched = self.c.call('TOUCH', job['lease'])
        self.assertEqual(touched[0][0].decode(), job['lease'])
        self.assertTrue(before + 4990 <= touched[0][1] <= now_ms() + 5010)

    def test_ttr_gives_another_term(self):
        job = self.leased()
        before = now_ms()
        deadline = self.c.call('TOUCH', job['lease'], 'TTR', DAY_MS)[0][1]
        self.assertTrue(before + DAY_MS - 10 <= deadline <= now_ms() + DAY_MS + 10)
        self.refuses(self.c, 'BADARG', 'TOUCH', job['lease'], 'TTR', DAY_MS + 1)
        self.refuses(self.c, 'BADARG', 'TOUCH', job['lease'], 'TTR', 999)

    def test_a_touched_lease_lives_on(self):
        self.c.put(self.q, 'x')
        job = self.c.get(self.q, 'TTR', 1000)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            self.c.call('TOUCH', job['lease'])
            time.sleep(0.2)
        self.assertEqual(self.c.done(job['lease']), 1)

    def test_all_touches_what_this_connection_holds(self):
        leases = self.leases(3)
        self.assertEqual(sorted(t[0].decode() for t in self.c.call('TOUCH', 'ALL')), sorted(leases))
        self.assertEqual(self.connect().call('TOUCH', 'ALL'), [])

    def test_many_and_one_that_is_not_current(self):
        leases = self.leases(2)
        self.assertEqual(len(self.c.call('TOUCH', *leases)), 2)
        self.refuses(self.c, 'NOJOB', 'TOUCH', leases[0], '1-999999:1')


class Progress(Settle):
    def said(self, job):
        shown = self.c.show(job['id'])
        return shown.get('progress'), shown.get('note')

    def test_who_looks_sees_how_far_it_is(self):
        job = self.leased('TTR', 5000)
        self.assertEqual(self.said(job), (None, None))
        before = now_ms()
        (lease, deadline), = self.c.call('TOUCH', job['lease'], 'PROGRESS', 40, 'NOTE', 'page 4 of 10')
        self.assertEqual(lease.decode(), job['lease'])
        self.assertGreaterEqual(deadline, before + 4990)
        self.assertEqual(self.said(job), (40, b'page 4 of 10'))
        peeked, = self.c.call('PEEK', self.q, 'STATE', 'leased')
        self.assertEqual((resp.pairs(peeked)['progress'], resp.pairs(peeked)['note']), (40, b'page 4 of 10'))

    def test_the_last_word_counts_and_a_touch_without_one_changes_nothing(self):
        job = self.leased()
        self.c.call('TOUCH', job['lease'], 'PROGRESS', 40, 'NOTE', 'page 4')
        self.c.call('TOUCH', job['lease'], 'TTR', 5000)
        self.assertEqual(self.said(job), (40, b'page 4'))
        self.c.call('TOUCH', job['lease'], 'PROGRESS', 0)
        self.assertEqual(self.said(job), (0, None))

    def test_many_leases_are_equally_far(self):
        leases = self.leases(3)
        self.c.call('TOUCH', *leases, 'NOTE', 'half of it', 'PROGRESS', 50)
        jobs = [resp.pairs(job) for job in self.c.call('PEEK', self.q, 'STATE', 'leased', 'COUNT', 9)]
        self.assertEqual([(job['progress'], job['note']) for job in jobs], [(50, b'half of it')] * 3)

    def test_it_ends_with_the_lease(self):
        for end in (['RELEASE'], ['FAIL'], ['FAIL', 'DELAY', 0]):
            with self.subTest(end):
                job = self.leased()
                self.c.call('TOUCH', job['lease'], 'PROGRESS', 99, 'NOTE', 'nearly')
                self.c.call(end[0], job['lease'], *end[1:])
                self.assertEqual(self.said(job), (None, None))
                self.c.call('CANCEL', job['id'])
        again = self.leased()
        self.assertEqual(self.said(again), (None, None))

    def test_a_lease_that_is_not_current_says_nothing(self):
        job = self.leased()
        self.c.call('RELEASE', job['lease'])
        now = self.c.get(self.q)
        self.refuses(self.c, 'STALE', 'TOUCH', job['lease'], now['lease'], 'PROGRESS', 1)
        self.assertEqual(self.said(now), (1, None))

    def test_255_bytes_of_a_note_are_kept(self):
        job = self.leased()
        for size, kept in ((255, 255), (256, 255)):
            self.c.call('TOUCH', job['lease'], 'PROGRESS', 1, 'NOTE', 'n' * size)
            self.assertEqual(self.said(job), (1, b'n' * kept))

    def test_bad_words_are_refused(self):
        job = self.leased()
        for words in (['PROGRESS'], ['PROGRESS', 101], ['PROGRESS', -1], ['NOTE', 'x'], ['PROGRESS', 1, 'NOTE']):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG', 'TOUCH', job['lease'], *words)
        self.refuses(self.c, 'BADARG', 'TOUCH', 'ALL', 'PROGRESS', 1)
        self.assertEqual(self.said(job), (None, None))


if __name__ == '__main__':
    ringqd.main()
