#!/usr/bin/env python3
"""watch_test - WATCH: figures that come by themselves.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd


class Watch(ringqd.SharedTest):
    def watch(self, *words):
        c = self.connect()
        c.send('WATCH', *words)
        return c

    def test_the_first_figures_come_at_once(self):
        stats = resp.pairs(self.watch().read())
        self.assertIn('uptime_ms', stats)

    def test_the_figures_of_a_queue_follow_what_happens(self):
        watching = self.watch(self.q, 'EVERY', 100)
        self.assertEqual(int(resp.pairs(watching.read())['ready']), 0)
        self.c.put(self.q, 'x')
        ringqd.wait_until(lambda: int(resp.pairs(watching.read())['ready']) == 1, 'the job is counted')

    def test_they_come_as_often_as_was_asked(self):
        watching = self.watch('EVERY', 100)
        watching.read()
        started = time.monotonic()
        for _ in range(5):
            watching.read()
        self.assertGreaterEqual(time.monotonic() - started, 0.39)

    def test_they_are_maps_for_who_asked_for_resp3(self):
        c = self.connect()
        c.call('HELLO', 3)
        c.send('WATCH', self.q)
        self.assertIsInstance(c.read(), dict)

    def test_what_comes_behind_it_is_not_answered(self):
        watching = self.watch('EVERY', 100)
        watching.send('PING')
        for _ in range(4):
            self.assertIn('uptime_ms', resp.pairs(watching.read()))

    def test_one_that_never_reads_costs_nothing(self):
        watching = [self.watch('EVERY', 100) for _ in range(20)]
        time.sleep(0.5)
        self.assertEqual(self.c.call('PING'), 'PONG')
        for c in watching:
            c.abort()

    def test_nothing_is_left_when_it_leaves(self):
        watching = [self.watch('EVERY', 100) for _ in range(20)]
        for c in watching[:10]:
            c.read()
            c.close()
        for c in watching[10:]:
            c.abort()
        self.until_alone()

    def test_bad_words_are_refused(self):
        for words in (['a b'], [self.q, 'EVERY'], [self.q, 'EVERY', 99], ['EVERY', 3600001]):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG', 'WATCH', *words)


class Stop(ringqd.Test):
    def test_a_server_that_stops_waits_for_no_watcher(self):
        server = self.start()
        watching = server.client()
        watching.send('WATCH')
        watching.read()
        self.assertEqual(server.terminate(), 0)
        watching.close()


if __name__ == '__main__':
    ringqd.main()
