#!/usr/bin/env python3
"""keep_leases_test - KEEPLEASES: leases that outlive a connection, and the server.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd


def touched(client):
    """The leases of TOUCH ALL."""
    return {lease.decode() for lease, *_ in client.call('TOUCH', 'ALL')}


class Reconnect(ringqd.SharedTest):
    def keeping(self, name='one'):
        client = self.connect()
        client.call('HELLO', 'NAME', name, 'KEEPLEASES')
        return client

    def take(self, client, *options):
        self.c.put(self.q, 'x', *options)
        return client.get(self.q)['lease']

    def lose(self, client):
        client.close()
        self.until_alone()

    def test_a_lease_runs_on_and_its_token_is_good_on_any_connection(self):
        first = self.keeping()
        lease = self.take(first)
        self.lose(first)
        self.assertEqual(self.c.stats(self.q)['leased'], 1)
        self.assertEqual(self.c.call('TOUCH', lease)[0][0].decode(), lease)
        self.assertEqual(self.c.call('DONE', lease), 1)

    def test_the_next_connection_of_the_name_goes_on_with_it(self):
        first = self.keeping('two')
        leases = {self.take(first), self.take(first)}
        self.lose(first)
        other, second = self.keeping('three'), self.keeping('two')
        self.assertEqual(touched(other), set())
        self.assertEqual(touched(second), leases)
        fail, done = leases
        self.assertEqual(second.call('FAIL', fail, 'DELAY', 60000)[0], b'delayed')
        self.assertEqual(second.call('DONE', done), 1)

    def test_of_two_connections_of_a_name_the_other_one_inherits(self):
        first, second = self.keeping('four'), self.keeping('four')
        lease = self.take(first)
        self.assertEqual(touched(second), set())
        first.close()
        ringqd.wait_until(lambda: touched(second) == {lease}, 'the inheritance')
        self.c.call('DONE', lease)

    def test_a_deadline_ends_it_and_the_old_token_is_stale(self):
        first = self.keeping('five')
        lease = self.take(first, 'TTR', 1000)
        first.close()
        again = self.c.get(self.q, 'BLOCK', 30000)
        self.assertEqual(again['attempt'], 2)
        self.refuses(self.c, 'STALE', 'DONE', lease)
        self.c.call('DONE', again['lease'])

    def test_without_it_and_after_reset_a_lost_connection_gives_back(self):
        for words in (('HELLO', 'NAME', 'six'),), (('HELLO', 'NAME', 'six', 'KEEPLEASES'), ('RESET',)):
            client = self.connect()
            for command in words:
                client.call(*command)
            lease = self.take(client)
            self.lose(client)
            again = self.c.get(self.q)
            self.refuses(self.c, 'STALE', 'DONE', lease)
            self.c.call('DONE', again['lease'])

    def test_it_needs_a_name_which_may_have_been_said_before(self):
        self.assertIn('needs a NAME', self.refuses(self.c, 'BADARG', 'HELLO', 'KEEPLEASES'))
        for wrong in (('KEEPLEASES', 'KEEPLEASES'), ('NAME', 'x', 'KEEPLEASES', 'NAME', 'y'), ('KEEPLEASES', 'NAME')):
            self.refuses(self.c, 'BADARG', 'HELLO', *wrong)
        client = self.connect()
        client.call('CLIENT', 'SETNAME', 'seven')
        client.call('HELLO', 3, 'KEEPLEASES')
        client.call('HELLO', 2, 'KEEPLEASES', 'NAME', 'seven')
        lease = self.take(client)
        self.lose(client)
        self.assertEqual(self.c.call('DONE', lease), 1)


class Restart(ringqd.Test):
    durability = 'fsync'

    def keeping(self, server):
        client = server.client()
        self.addCleanup(client.close)
        client.call('HELLO', 'NAME', 'one', 'KEEPLEASES')
        return client

    def crash(self, server, client, *puts):
        """After the LEASE records are in the log."""
        client.put('settled', 'x')
        server.kill()
        server.start()

    def test_a_kept_lease_is_good_after_a_crash_and_a_plain_one_is_not(self):
        server = self.start()
        c, plain = self.keeping(server), server.client()
        c.call('MPUT', 'q', 'BODIES', 2, 'kept', 'plain')
        kept, lost = c.get('q')['lease'], plain.get('q')['lease']
        self.crash(server, c)
        plain.close()
        again = self.keeping(server)
        self.assertEqual(again.stats('q')['leased'], 1)
        self.assertEqual(touched(again), {kept})
        self.refuses(again, 'STALE', 'DONE', lost)
        self.assertEqual(again.call('DONE', kept), 1)
        again.done(again.get('q')['lease'])
        self.assertEqual(again.stats('q')['unfinished'], 0)

    def test_it_has_a_whole_ttr_from_the_start_on_and_no_more(self):
        server = self.start()
        c = self.keeping(server)
        c.put('q', 'x', 'TTR', 2000)
        lease = c.get('q')['lease']
        self.crash(server, c)
        started = time.monotonic()
        with server.client() as c:
            again = c.get('q', 'BLOCK', 30000)
            self.assertGreater(time.monotonic() - started, 1)
            self.assertEqual(again['attempt'], 2)
            self.refuses(c, 'STALE', 'DONE', lease)

    def test_it_survives_compaction_and_a_log_that_redis_has_lost(self):
        redis = self.redis()
        server = self.start('--log-spare', '64KiB', redis=redis.url)
        c = self.keeping(server)
        c.put('q', 'x', 'TTR', 60000)
        lease = c.get('q')['lease']
        for i in range(300):  # what has ended makes up most of the log
            c.put('other', b'y' * 1000)
            c.done(c.get('other')['lease'])
        with redis.client() as r:
            r.call('FLUSHALL')
        c.put('q', 'after')
        ringqd.wait_until(lambda: c.stats()['store_repairs'] == 1, 'the repair')
        self.crash(server, c)
        again = self.keeping(server)
        self.assertEqual(touched(again), {lease})
        self.assertEqual(again.call('DONE', lease), 1)


if __name__ == '__main__':
    ringqd.main()
