#!/usr/bin/env python3
"""manage_test - KICK, CANCEL, PURGE, RESCHEDULE, REQUEUE, PEEK, TTL and HEADER.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd


def words(flat):
    """A map of SHOW or PEEK: text as str, numbers as int, the body as it is."""
    shown = {k: v.decode() if isinstance(v, bytes) and k != 'body' else v for k, v in resp.pairs(flat).items()}
    return {k: int(v) if k.endswith('_at') else v for k, v in shown.items()}


class Manage(ringqd.SharedTest):
    def dead(self, n=1, error='boom'):
        """The ids of `n` dead jobs."""
        ids = []
        for i in range(n):
            self.c.put(self.q, f'body {i}')
            job = self.c.get(self.q)
            self.c.call('FAIL', job['lease'], 'ERROR', error, 'DEAD')
            ids.append(job['id'])
        return ids

    def put(self, *options):
        return self.c.put(self.q, 'x', *options)

    def shown(self, ident):
        return words(self.c.call('SHOW', ident))


class Kick(Manage):
    def test_a_kicked_job_is_delivered_as_if_for_the_first_time(self):
        ident, = self.dead()
        self.assertEqual(self.c.call('KICK', self.q), 1)
        job = self.c.get(self.q)
        self.assertEqual((job['id'], job['attempt'], job['error']), (ident, 1, b'boom'))

    def test_some_are_kicked_and_the_first_to_die_first(self):
        ids = self.dead(3)
        self.assertEqual(self.c.call('KICK', self.q, 'COUNT', 2), 2)
        self.assertEqual([self.shown(i)['state'] for i in ids], ['ready', 'ready', 'dead'])

    def test_by_id_only_the_dead_count(self):
        ident, = self.dead()
        waiting = self.put()
        self.assertEqual(self.c.call('KICK', self.q, 'ID', ident, waiting), 1)

    def test_an_unknown_id_is_named_with_the_count_of_the_others(self):
        ident, = self.dead()
        text = self.refuses(self.c, 'NOJOB', 'KICK', self.q, 'ID', ident, '1-999999')
        self.assertIn('1-999999', text)
        self.assertIn('COUNT 1', text)
        self.assertEqual(self.shown(ident)['state'], 'ready')

    def test_an_empty_queue_has_none(self):
        self.assertEqual(self.c.call('KICK', self.q), 0)

    def test_more_than_a_batch_is_kicked_in_one_command(self):
        self.c.call('MPUT', self.q, 'TRIES', 1, 'BODIES', 2100, *range(2100))
        taken = 0
        while taken < 2100:
            jobs = [resp.as_job(j) for j in self.c.call('GET', self.q, 'COUNT', 1024)]
            self.c.pipeline(('FAIL', j['lease']) for j in jobs)
            taken += len(jobs)
        self.assertEqual(self.c.stats(self.q)['dead'], 2100)
        self.assertEqual(self.c.call('KICK', self.q), 2100)
        self.assertEqual(self.c.stats(self.q)['ready'], 2100)
        self.assertEqual(self.c.call('PURGE', self.q), 2100)
        self.assertEqual(self.c.stats(self.q)['unfinished'], 0)


class Cancel(Manage):
    def test_a_waiting_job_is_gone(self):
        ready, delayed = self.put(), self.put('DELAY', 60000)
        self.assertEqual(self.c.call('CANCEL', ready, delayed), 2)
        self.refuses(self.c, 'NOJOB', 'SHOW', ready)
        stats = self.c.stats(self.q)
        self.assertEqual((stats['total_cancelled'], stats['unfinished']), (2, 0))

    def test_the_worker_of_a_leased_job_hears_of_it_at_its_touch(self):
        self.put()
        job = self.c.get(self.q)
        self.assertEqual(self.c.call('CANCEL', job['id']), 1)
        (lease, _, *notices), = self.c.call('TOUCH', job['lease'])
        self.assertEqual((lease.decode(), notices), (job['lease'], [b'cancel']))
        state, at = self.c.call('FAIL', job['lease'])
        self.assertEqual((state, at), (b'cancelled', 0))
        self.refuses(self.c, 'NOJOB', 'SHOW', job['id'])

    def test_a_cancelled_job_may_still_be_done(self):
        self.put()
        job = self.c.get(self.q)
        self.c.call('CANCEL', job['id'])
        self.assertEqual(self.c.done(job['lease']), 1)
        self.assertEqual(self.c.stats(self.q)['total_cancelled'], 0)

    def test_an_unknown_id_is_named_beside_one_that_was_cancelled_before(self):
        self.put()
        job = self.c.get(self.q)
        self.c.call('CANCEL', job['id'])
        text = self.refuses(self.c, 'NOJOB', 'CANCEL', job['id'], '1-999999')
        self.assertIn('COUNT 1', text)

    def test_a_join_counts_the_cancelled(self):
        ident = self.put()
        with self.server.client() as other:
            other.send('JOIN', self.q)
            ringqd.wait_until(lambda: self.c.stats()['waiting_joiners'], 'the JOIN waits')
            self.c.call('CANCEL', ident)
            self.assertEqual(int(resp.pairs(other.read())['cancelled']), 1)

    def test_an_unknown_id_is_refused_and_no_id_is_bad(self):
        self.refuses(self.c, 'NOJOB', 'CANCEL', '1-999999')
        self.refuses(self.c, 'BADARG', 'CANCEL', 'mail')


class Purge(Manage):
    def test_what_waits_is_gone_and_the_rest_stays(self):
        dead, = self.dead()
        self.put(), self.put('DELAY', 60000)
        leased = self.c.get(self.q)
        self.put()
        self.assertEqual(self.c.call('PURGE', self.q), 2)
        stats = self.c.stats(self.q)
        self.assertEqual((stats['ready'], stats['delayed'], stats['leased'], stats['dead']), (0, 0, 1, 1))
        self.assertEqual(self.shown(dead)['state'], 'dead')
        self.c.done(leased['lease'])

    def test_very_many_hold_nobody_up(self):
        for _ in range(10):
            self.c.call('MPUT', self.q, 'BODIES', 10000, *range(10000))
        with self.server.client() as other:
            self.c.send('PURGE', self.q)
            ringqd.wait_until(lambda: 0 < int(other.stats(self.q)['ready']) < 100000, 'some of them are gone')
            self.assertEqual(self.c.read(), 100000)
            self.assertEqual(other.stats(self.q)['unfinished'], 0)

    def test_one_state_alone(self):
        self.dead(2)
        self.put()
        self.assertEqual(self.c.call('PURGE', self.q, 'STATE', 'dead'), 2)
        self.assertEqual(self.c.call('QSIZE', self.q), 1)

    def test_what_is_leased_cannot_be_purged(self):
        self.refuses(self.c, 'BADARG', 'PURGE', self.q, 'STATE', 'leased')


class Reschedule(Manage):
    def test_a_delayed_job_can_be_ready_now(self):
        ident = self.put('DELAY', 60000)
        self.assertEqual(self.c.call('RESCHEDULE', ident, 'DELAY', 0), 'OK')
        self.assertEqual(self.c.get(self.q)['id'], ident)

    def test_a_ready_job_can_be_put_off(self):
        ident = self.put()
        self.c.call('RESCHEDULE', ident, 'AT', int(time.time() * 1000) + 60000)
        self.assertIsNone(self.c.call('GET', self.q, 'BLOCK', 0))
        self.assertEqual(self.shown(ident)['state'], 'delayed')

    def test_only_what_waits(self):
        ident, = self.dead()
        self.assertIn('delayed and ready', self.refuses(self.c, 'BADARG', 'RESCHEDULE', ident, 'DELAY', 0))
        self.refuses(self.c, 'NOJOB', 'RESCHEDULE', '1-999999', 'DELAY', 0)


class Requeue(Manage):
    def setUp(self):
        super().setUp()
        self.to = self.q + '-slow'

    def test_a_waiting_job_is_served_elsewhere_with_the_same_id_and_attempts(self):
        ident = self.c.put(self.q, 'body', 'HEADER', 'n', 'v')
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DELAY', 0)
        self.assertEqual(self.c.call('REQUEUE', ident, self.to), 'OK')
        self.assertIsNone(self.c.call('GET', self.q, 'BLOCK', 0))
        job = self.c.get(self.to)
        self.assertEqual((job['id'], job['queue'], job['body'], job['attempt']), (ident, self.to, b'body', 2))
        self.assertEqual(self.c.call('DONE', job['lease']), 1)

    def test_a_delayed_and_a_dead_one_stay_what_they_are(self):
        ident, (dead,) = self.put('DELAY', 60000), self.dead()
        for one, state in (ident, 'delayed'), (dead, 'dead'):
            self.assertEqual(self.c.call('REQUEUE', one, self.to), 'OK')
            shown = self.shown(one)
            self.assertEqual((shown['queue'], shown['state']), (self.to, state))
        self.assertEqual(self.c.call('KICK', self.to), 1)

    def test_both_queues_count_it(self):
        ident = self.put()
        self.c.call('REQUEUE', ident, self.to)
        old, new = self.c.stats(self.q), self.c.stats(self.to)
        self.assertEqual((old['unfinished'], old['total_put'], old['total_requeued']), (0, 1, 1))
        self.assertEqual((new['unfinished'], new['total_put'], new['total_requeued']), (1, 1, 0))

    def test_a_join_on_the_old_queue_is_over_and_one_on_both_is_not(self):
        ident = self.put()
        with self.connect() as other, self.connect() as third:
            other.send('JOIN', self.q)
            third.send('JOIN', f'{self.q},{self.to}')
            ringqd.wait_until(lambda: self.c.stats()['waiting_joiners'] >= 2, 'two joiners')
            self.c.call('REQUEUE', ident, self.to)
            self.assertEqual(resp.pairs(other.read())['done'], 0)
            self.c.call('DONE', self.c.get(self.to)['lease'])
            self.assertEqual(resp.pairs(third.read())['done'], 1)

    def test_what_cannot_go_says_why(self):
        ident = self.put()
        job = self.c.get(self.q)
        self.assertIn('stays where it is', self.refuses(self.c, 'BADARG', 'REQUEUE', ident, self.to))
        self.c.call('RELEASE', job['lease'])
        self.c.call('PAUSE', self.to, 'IN')
        self.refuses(self.c, 'PAUSED', 'REQUEUE', ident, self.to)
        self.c.call('RESUME', self.to)
        self.c.call('QUEUE', 'SET', self.to, 'MAXSIZE', 1)
        self.c.put(self.to, 'x')
        self.refuses(self.c, 'FULL', 'REQUEUE', ident, self.to)
        self.c.call('SHUTDOWN', self.to)
        self.refuses(self.c, 'SHUTDOWN', 'REQUEUE', ident, self.to)
        self.refuses(self.c, 'NOJOB', 'REQUEUE', '1-999999', self.to)
        self.assertEqual(self.c.get(self.q)['id'], ident)

    def test_a_key_goes_along_unless_it_is_taken_there(self):
        ident = self.put('UNIQUE', 'k')
        other = self.c.put(self.to, 'x', 'UNIQUE', 'k')
        self.assertIn(f'{other} has its UNIQUE key', self.refuses(self.c, 'BADARG', 'REQUEUE', ident, self.to))
        self.c.call('CANCEL', other)
        self.assertEqual(self.c.call('REQUEUE', ident, self.to), 'OK')
        self.assertEqual(self.c.call('PUT', self.to, 'y', 'UNIQUE', 'k')[:2], [ident.encode(), b'exists'])
        self.assertEqual(self.c.call('PUT', self.q, 'y', 'UNIQUE', 'k')[1], b'queued')

    def test_listeners_of_the_new_queue_hear_of_it(self):
        with self.connect() as other:
            other.call('EVENTS', self.to)
            ident = self.put()
            self.c.call('REQUEUE', ident, self.to)
            event = words(other.read())
            self.assertEqual((event['event'], event['id'], event['queue']), ('requeued', ident, self.to))


class RequeueAndCrash(ringqd.Test):
    def test_it_is_where_it_went_after_a_crash(self):
        server = self.start(durability='fsync')
        with server.client() as c:
            ident = c.put('q', 'x')
            c.call('REQUEUE', ident, 'r')
        server.kill()
        server.start()
        with server.client() as c:
            self.assertEqual(c.get('r')['id'], ident)
            self.assertEqual(c.stats('q')['unfinished'], 0)


class Peek(Manage):
    def peek(self, *options):
        return [words(j) for j in self.c.call('PEEK', self.q, *options)]

    def test_the_next_job_is_shown_and_stays(self):
        ident = self.put()
        self.put()
        job, = self.peek()
        self.assertEqual((job['id'], job['state'], job['body']), (ident, 'ready', b'x'))
        self.assertEqual(self.c.call('QSIZE', self.q), 2)

    def test_page_by_page_in_the_order_of_service(self):
        ids = [self.put('PRI', pri) for pri in (5, 1, 3)]
        order = [ids[1], ids[2], ids[0]]
        self.assertEqual([j['id'] for j in self.peek('COUNT', 9)], order)
        self.assertEqual([j['id'] for j in self.peek('COUNT', 9, 'AFTER', order[0])], order[1:])
        self.assertEqual(self.peek('COUNT', 9, 'AFTER', order[2]), [])
        self.refuses(self.c, 'NOJOB', 'PEEK', self.q, 'AFTER', '1-999999')

    def test_every_state_can_be_looked_at(self):
        self.dead()
        self.put('DELAY', 60000)
        self.put()
        leased = self.c.get(self.q)
        for state in ('delayed', 'leased', 'dead'):
            self.assertEqual([j['state'] for j in self.peek('STATE', state)], [state])
        self.assertEqual(self.peek(), [])
        self.c.done(leased['lease'])

    def test_a_match_finds_what_it_says(self):
        slow, = self.dead(error='read timeout')
        self.dead(error='no such host')
        def found(match):
            return [j['id'] for j in self.peek('STATE', 'dead', 'COUNT', 9, 'MATCH', match)]
        self.assertEqual(found('error:*timeout*'), [slow])
        self.assertEqual(found(f'id:{slow} attempt:1 age:<60000'), [slow])
        self.assertEqual(found('error:*timeout* attempt:>1'), [])

    def test_a_costly_match_is_refused(self):
        for _ in range(5):
            self.c.call('MPUT', self.q, 'HEADER', 'h', 'a' * 1024, 'BODIES', 1000, *range(1000))
        match = 'header.h:*' + 'a' * 120 + 'b'
        self.refuses(self.c, 'LIMIT', 'PEEK', self.q, 'MATCH', match)
        self.assertEqual(self.c.call('PURGE', self.q), 5000)

    def test_a_page_is_no_larger_than_the_jobs_of_a_get(self):
        for _ in range(6):
            self.c.put(self.q, 'x' * 1_000_000)
        self.assertEqual(len(self.c.call('PEEK', self.q, 'COUNT', 9)), 5)  # 4 MiB, and what begins within them
        self.assertEqual(self.c.call('PURGE', self.q), 6)

    def test_a_match_looks_at_headers(self):
        self.put('HEADER', 'lang', 'de')
        found = self.put('HEADER', 'lang', 'en', 'HEADER', 'trace', '4bf9')
        self.assertEqual([j['id'] for j in self.peek('COUNT', 9, 'MATCH', 'header.Lang:en')], [found])

    def test_an_unknown_queue_has_no_jobs(self):
        self.assertEqual(self.c.call('PEEK', f'{self.q}-nowhere'), [])


class Life(Manage):
    def test_a_job_that_nobody_starts_expires(self):
        ident = self.put('TTL', 20)
        ringqd.wait_until(lambda: self.c.stats(self.q)['total_expired'], 'the job expires')
        self.refuses(self.c, 'NOJOB', 'SHOW', ident)
        self.assertEqual(self.c.stats(self.q)['unfinished'], 0)

    def test_a_job_in_time_is_delivered(self):
        ident = self.put('TTL', 60000)
        self.assertGreater(self.shown(ident)['expires_at'], time.time() * 1000)
        job = self.c.get(self.q)
        self.assertEqual(job['id'], ident)
        self.assertNotIn('expires_at', self.shown(ident))
        self.c.done(job['lease'])


class Headers(Manage):
    def test_they_come_with_the_job(self):
        self.put('HEADER', 'trace', '4bf9', 'HEADER', 'empty', '')
        job = self.c.get(self.q)
        self.assertEqual(resp.pairs(job['headers']), {'trace': b'4bf9', 'empty': b''})

    def test_a_job_without_has_no_such_field(self):
        self.put()
        self.assertNotIn('headers', self.c.get(self.q))


class Restart(ringqd.Test):
    def test_life_headers_and_cancels_survive_it(self):
        server = self.start(durability='fsync')
        with server.client() as c:
            short = c.put('q', 'x', 'TTL', 300, 'DELAY', 60000)
            kept = c.put('q', 'y', 'HEADER', 'a', 'b')
            job = c.get('q')
            self.assertEqual(job['id'], kept)
            c.call('CANCEL', kept)
            other = c.put('q', 'z', 'HEADER', 'c', 'd')
        server.kill()
        server.start()
        with server.client() as c:
            self.assertEqual(resp.pairs(c.get('q')['headers']), {'c': b'd'})
            ringqd.wait_until(lambda: c.stats('q')['total_cancelled'] == 1, 'the job is over')
            ringqd.wait_until(lambda: c.stats('q')['total_expired'], 'the job expires')
            self.refuses(c, 'NOJOB', 'SHOW', short)
            self.refuses(c, 'NOJOB', 'SHOW', kept)
            self.assertEqual(words(c.call('SHOW', other))['state'], 'leased')


if __name__ == '__main__':
    ringqd.main()
