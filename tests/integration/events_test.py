#!/usr/bin/env python3
"""events_test - EVENTS: what becomes of jobs, as it happens.

SPDX-License-Identifier: MIT
"""
import resp
import ringqd


class Events(ringqd.SharedTest):
    def listen(self, *words):
        c = self.connect()
        self.assertEqual(c.call('EVENTS', *words), 'OK')
        return c

    def heard(self, c, n):
        """The next `n` events, as (what, id)."""
        events = [resp.pairs(c.read()) for _ in range(n)]
        return [(e['event'].decode(), e['id'].decode()) for e in events]

    def test_the_life_of_a_job_is_told(self):
        c = self.listen(self.q)
        ident = self.c.put(self.q, 'x', 'TRIES', 2)
        job = self.c.get(self.q)
        self.c.call('FAIL', job['lease'], 'ERROR', 'boom', 'DELAY', 0)
        job = self.c.get(self.q, 'BLOCK', 5000)
        self.c.call('RELEASE', job['lease'])
        self.c.call('DONE', self.c.get(self.q)['lease'])
        self.assertEqual(self.heard(c, 7), [(what, ident) for what in (
            'put', 'leased', 'delayed', 'leased', 'ready', 'leased', 'done')])

    def test_one_that_has_gone_is_noticed_although_nothing_happens(self):
        self.until_alone()
        c = self.connect()
        c.raw(resp.encode('EVENTS', self.q) + resp.encode('PING') * 20000)  # more than may be owed
        ringqd.wait_until(lambda: self.c.stats()['connections'] == 2, 'it is there')
        self.assertEqual(c.read(), 'OK')
        c.close()
        self.until_alone()

    def test_an_event_says_more_than_its_name(self):
        c = self.listen(self.q)
        self.c.put(self.q, 'x')
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'ERROR', 'boom', 'DEAD')
        event = [resp.pairs(c.read()) for _ in range(3)][-1]
        self.assertEqual((event['event'], event['queue'], event['error']), (b'dead', self.q.encode(), b'boom'))
        self.assertEqual(int(event['attempt']), 1)
        self.assertGreater(int(event['at']), 1_600_000_000_000)

    def test_every_end_has_its_name(self):
        c = self.listen(self.q)
        self.c.call('CANCEL', self.c.put(self.q, 'x'))
        self.c.put(self.q, 'y', 'TTL', 20)
        self.assertEqual([what for what, _ in self.heard(c, 4)], ['put', 'cancelled', 'put', 'expired'])

    def test_a_queue_hears_of_itself_alone(self):
        c, everything = self.listen(self.q), self.listen()
        other = self.c.put(f'{self.q}.other', 'x')
        ident = self.c.put(self.q, 'x')
        self.assertEqual(self.heard(c, 1), [('put', ident)])
        self.assertEqual(self.heard(everything, 2), [('put', other), ('put', ident)])

    def test_one_that_never_reads_loses_events_and_holds_nobody_up(self):
        c = self.listen(self.q)
        for _ in range(12):  # more than any buffer on the way takes
            self.c.call('MPUT', self.q, 'BODIES', 10000, *range(10000))
        seen = lost = 0
        while seen + lost < 120000:
            event = resp.pairs(c.read())
            if event['event'] == b'lost':
                lost += int(event['count'])
            else:
                seen += 1
        self.assertEqual(seen + lost, 120000)
        self.assertGreater(lost, 0)
        self.c.call('PURGE', self.q)

    def test_nothing_is_left_when_it_leaves(self):
        for c in [self.listen() for _ in range(10)]:
            c.abort()
        self.c.put(self.q, 'x')
        self.until_alone()

    def test_bad_words_are_refused(self):
        self.refuses(self.c, 'BADARG', 'EVENTS', 'a b')
        self.refuses(self.c, 'BADARG', 'EVENTS', 'a', 'b')


if __name__ == '__main__':
    ringqd.main()
