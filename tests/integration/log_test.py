#!/usr/bin/env python3
"""log_test - the log when Redis has lost it, and when it has grown too large.

SPDX-License-Identifier: MIT
"""
import resp
import ringqd

LOG = 'ringq:{p000}:log'


class Lost(ringqd.Test):
    """Whatever Redis forgets, memory still knows: after the repair a restart finds all."""

    durability = 'redis'

    def scene(self, c):
        """Jobs in every state; what must be there again after a restart."""
        c.call('QUEUE', 'SET', 'limited', 'MAXSIZE', 7, 'TRIES', 5)
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
        self.assertEqual(stats['many']['ready'], 3000)
        self.assertEqual(stats['over']['unfinished'], 0)
        self.assertEqual(stats['over']['total_done'], 1)
        self.assertEqual(stats['leased']['ready'], 1)  # the restart has taken its lease
        self.assertEqual(stats['many']['total_put'], 3000)
        one = c.get('ready')
        self.assertEqual((one['body'], one['attempt']), (b'one', '1'))
        self.assertEqual([c.get('many')['body'] for _ in range(3)], [b'0', b'1', b'2'])
        self.assertIsNone(c.get_now('over'))
        six = c.get('leased')
        self.assertEqual((six['body'], six['attempt']), (b'six', '2'))
        self.assertEqual(c.call('WAIT', 'ALL', 1, self.kept, 'BLOCK', 0)[0][2], b'fine')

    def repaired(self, c, times=1):
        ringqd.wait_until(lambda: c.stats()['store_repairs'] >= times, 'the repair')
        self.assertEqual(c.stats()['store_repairing'], 0)

    def lose(self, how, **redis):
        own = self.redis(**redis)
        server = self.start(redis=own.url)
        with server.client() as c:
            self.scene(c)
            server.until_idle(c)
            how(own)
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


if __name__ == '__main__':
    ringqd.main()
