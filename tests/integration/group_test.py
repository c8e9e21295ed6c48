#!/usr/bin/env python3
"""group_test - GROUP and GROUPLIMIT: turns, limits, and what survives a restart.

SPDX-License-Identifier: MIT
"""
import resp
import ringqd


def bodies(jobs):
    return ' '.join(job['body'].decode() for job in jobs)


class Shared(ringqd.SharedTest):
    def put(self, *names):
        """Jobs named by group and number, as in 'a1'; '-1' has no group."""
        for name in names:
            self.c.put(self.q, name, *(() if name[0] == '-' else ('GROUP', name[0])))

    def limit(self, n):
        self.assertEqual(self.c.call('QUEUE', 'SET', self.q, 'GROUPLIMIT', n), 'OK')

    def get_all(self):
        jobs = []
        while (job := self.c.get_now(self.q)) is not None:
            jobs.append(job)
        return jobs

    def waiting(self):
        ringqd.wait_until(lambda: self.c.stats(self.q)['waiting_getters'], 'somebody waits')


class Turns(Shared):
    def test_groups_take_turns(self):
        self.put('a1', 'a2', 'a3', 'a4', 'b1', '-1', '-2', 'c1')
        self.assertEqual(bodies(self.get_all()), '-1 a1 b1 c1 -2 a2 a3 a4')

    def test_a_crowd_does_not_hold_back_a_single_job(self):
        self.c.call('MPUT', self.q, 'GROUP', 'crowd', 'BODIES', 5000, *range(5000))
        self.put('b1')
        self.assertEqual(bodies(self.c.get(self.q) for _ in range(3)), '0 b1 1')
        self.c.call('PURGE', self.q)

    def test_a_better_pri_goes_first_whatever_its_group(self):
        self.put('a1', 'b1')
        self.c.put(self.q, 'a2', 'GROUP', 'a', 'PRI', 0)
        self.c.put(self.q, 'a3', 'GROUP', 'a', 'PRI', 0)
        self.assertEqual(bodies(self.get_all()), 'a2 a3 b1 a1')

    def test_a_replaced_job_goes_to_the_new_group(self):
        self.limit(1)
        self.put('a1', 'a2')
        ident, _, _ = self.c.call('PUT', self.q, 'a3', 'UNIQUE', 'k', 'GROUP', 'a')
        self.assertEqual(self.c.call('PUT', self.q, 'b3', 'UNIQUE', 'k', 'REPLACE', 'GROUP', 'b')[0], ident)
        self.assertEqual(bodies(self.get_all()), 'a1 b3')


class Limit(Shared):
    def test_a_full_group_is_passed_over(self):
        self.limit(2)
        self.put('a1', 'a2', 'a3', 'b1', '-1')
        jobs = self.get_all()
        self.assertEqual(bodies(jobs), '-1 a1 b1 a2')
        self.c.done(jobs[1]['lease'])
        self.assertEqual(bodies(self.get_all()), 'a3')

    def test_whoever_waits_gets_the_next_one_at_the_end_of_a_lease(self):
        self.limit(1)
        self.put('a1', 'a2', 'a3', 'a4')
        job = self.c.get(self.q)
        with self.server.client() as other:
            for command in (('DONE',), ('FAIL', 'DELAY', 60000), ('RELEASE', 'DELAY', 60000)):
                other.send('GET', self.q)
                self.waiting()
                self.c.call(command[0], job['lease'], *command[1:])
                job = resp.as_job(other.read())
            self.assertEqual(job['body'], b'a4')
            with self.server.client() as third:
                third.send('GET', self.q)
                self.waiting()
                other.close()  # the lease of a connection that is lost goes back
                self.assertEqual(resp.as_job(third.read())['body'], b'a4')

    def test_a_new_limit_holds_at_once(self):
        self.limit(1)
        self.put('a1', 'a2', 'a3')
        self.assertEqual(bodies(self.get_all()), 'a1')
        with self.server.client() as other:
            other.send('GET', self.q)
            self.waiting()
            self.limit(2)
            self.assertEqual(resp.as_job(other.read())['body'], b'a2')
            self.assertIsNone(self.c.get_now(self.q))
            self.limit(0)
            self.assertEqual(bodies(self.get_all()), 'a3')

    def test_a_purge_takes_what_is_held_back_too(self):
        self.limit(1)
        self.put('a1', 'a2', 'a3', 'b1')
        self.c.get(self.q)
        self.assertEqual(self.c.call('PURGE', self.q), 3)

    def test_a_key_has_at_most_255_bytes(self):
        for key in ('k' * 255, b'\0\r\n \xff'):
            self.assertEqual(self.c.show(self.c.put(self.q, 'x', 'GROUP', key))['group'],
                             key if isinstance(key, bytes) else key.encode())
        for key in ('k' * 256, ''):
            self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'GROUP', key)
        self.refuses(self.c, 'BADARG', 'QUEUE', 'SET', self.q, 'GROUPLIMIT', 1 << 32)
        self.refuses(self.c, 'BADARG', 'QUEUE', 'SET', self.q, 'GROUPLIMIT', -1)
        self.limit((1 << 32) - 1)


class Looking(Shared):
    def test_stats_say_how_many_groups_there_are(self):
        self.limit(3)
        self.put('a1', 'a2', 'b1', '-1')
        stats = self.c.stats(self.q)
        self.assertEqual((stats['grouplimit'], stats['groups']), (3, 2))
        self.c.call('PURGE', self.q)
        self.assertEqual(self.c.stats(self.q)['groups'], 0)

    def test_jobs_are_found_by_their_group(self):
        self.put('a1', 'b1', 'a2', '-1')
        found = [resp.pairs(job) for job in self.c.call('PEEK', self.q, 'MATCH', 'group:a', 'COUNT', 9)]
        self.assertEqual([(job['body'], job['group']) for job in found], [(b'a1', b'a'), (b'a2', b'a')])
        every = [resp.pairs(job)['body'] for job in self.c.call('PEEK', self.q, 'COUNT', 9)]
        self.assertEqual(every, [b'a1', b'b1', b'a2', b'-1'])  # by PRI and id: turns are not shown
        self.assertNotIn('group', resp.pairs(self.c.call('PEEK', self.q, 'COUNT', 9)[3]))

    def test_cron_puts_into_a_group(self):
        self.c.call('CRON', 'ADD', 'groups', self.q, '@every 1s', 'tick', 'GROUP', 'a')
        self.addCleanup(self.c.call, 'CRON', 'DEL', 'groups')
        job = self.c.get(self.q)
        self.assertEqual(self.c.show(job['id'])['group'], b'a')


class Restart(ringqd.Test):
    def check(self, server):
        with server.client() as c:
            got = [c.get_now('q') for _ in range(3)]
            self.assertEqual(bodies(got[:2]), 'a1 b1')
            self.assertIsNone(got[2])
            c.done(got[0]['lease'])
            self.assertEqual(c.get_now('q')['body'], b'a2')

    def test_groups_leases_and_limits_survive_a_crash(self):
        server = self.start()
        with server.client() as c:
            c.call('QUEUE', 'SET', 'q', 'GROUPLIMIT', 1)
            for name in ('a1', 'a2', 'b1', 'b2'):
                c.put('q', name, 'GROUP', name[0])
            self.assertEqual(bodies([c.get('q'), c.get('q')]), 'a1 b1')
            c.put('other', 'x')  # the leases are in the log, too
        server.restart()
        self.check(server)


if __name__ == '__main__':
    ringqd.main()
