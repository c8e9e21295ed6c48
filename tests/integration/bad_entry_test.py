#!/usr/bin/env python3
"""bad_entry_test - a damaged entry of the log: ringqd stops, and --bad-entries set-aside puts it
aside and goes on.

SPDX-License-Identifier: MIT
"""
import re
import subprocess

import resp
import ringqd

LOG, BAD = 'ringq:{p000}:log', 'ringq:{p000}:bad'
REFUSED = 78


class BadEntry(ringqd.Test):
    durability = 'redis'

    def scene(self, jobs):
        """A log in which each job has an entry of its own, at rest; their ids."""
        self.own = self.redis(appendonly='no')
        self.ringqd = self.start(redis=self.own.url)
        self.as_ever = list(self.ringqd.args)
        with self.ringqd.client() as c:
            ids = [c.put('q', f'body {i}') for i in range(jobs)]
            self.ringqd.until_idle(c)
        self.ringqd.kill()
        return ids

    def entries_of(self, jobs):
        """The ids of the entries which hold these jobs' PUTs."""
        dump = subprocess.run([ringqd.RINGQD, 'log', 'dump', '--redis', self.own.url], env=ringqd.environment(),
                              timeout=ringqd.PATIENCE, capture_output=True, text=True, check=True).stdout
        found = {job: entry for entry, job in re.findall(r'^(\S+) PUT job=(\S+) ', dump, re.M)}
        return [found[job].encode() for job in jobs]

    def damage(self, entries):
        """Flips a bit in the value of each; gives the values as they are then."""
        values = {}
        with self.own.client() as r:
            log = r.call('XRANGE', LOG, '-', '+')
            r.call('DEL', LOG)
            for ident, (field, value) in log:
                if ident in entries:
                    value = value[:40] + bytes([value[40] ^ 1]) + value[41:]
                    values[ident] = value
                r.call('XADD', LOG, ident, field, value)
        return values

    def set_aside(self):
        with self.own.client() as r:
            return [tuple(fields) for _, fields in r.call('XRANGE', BAD, '-', '+')]

    def start_again(self, *options):
        self.ringqd.kill()
        self.ringqd.args = [*self.as_ever, *options]
        return self.ringqd.start()

    def stops(self, *options):
        """Does not start; what it says."""
        self.ringqd.args = [*self.as_ever, *options]
        self.ringqd.launch()
        self.assertEqual(self.ringqd.wait(), REFUSED, self.ringqd.log_tail())
        return self.ringqd.log_text()

    def logged(self, text):
        return self.ringqd.log_text().count(text)

    def bodies(self):
        with self.ringqd.client() as c:
            jobs = resp_jobs(c.call('GET', 'q', 'COUNT', 1000, 'BLOCK', 0))
        return [job['body'] for job in jobs]

    def test_it_stops_says_what_to_type_and_goes_on_without_the_entry_when_told_so(self):
        jobs = self.scene(3)
        [entry] = self.entries_of(jobs[1:2])
        [value] = self.damage([entry]).values()
        said = self.stops()
        self.assertIn(f'entry {entry.decode()} of {LOG} is damaged', said)
        self.assertIn('--bad-entries set-aside', said)
        self.assertEqual(self.set_aside(), [])

        self.start_again('--bad-entries', 'set-aside')
        self.assertIn(f'event=bad_entry_set_aside id={entry.decode()} bytes={len(value)} ', self.ringqd.log_text())
        self.assertEqual(self.bodies(), [b'body 0', b'body 2'])
        self.assertEqual(self.set_aside(), [(b'id', entry, b'b', value)])

        self.start_again()  # and never needs to be told again
        self.assertEqual(self.bodies(), [b'body 0', b'body 2'])

    def test_a_second_time_does_no_harm_and_says_that_nothing_was_bad(self):
        jobs = self.scene(3)
        self.damage(self.entries_of(jobs[:1]))
        self.start_again('--bad-entries', 'set-aside')
        once = self.set_aside()
        self.assertEqual(self.logged('event=no_bad_entries'), 0)
        self.start_again('--bad-entries', 'set-aside')
        self.assertEqual((self.set_aside(), len(once)), (once, 1))
        self.assertEqual(self.logged('event=bad_entry_set_aside '), 1)
        self.assertEqual(self.logged('event=no_bad_entries'), 1)
        self.assertEqual(self.bodies(), [b'body 1', b'body 2'])

    def test_as_many_as_there_are_on_every_page(self):
        jobs = self.scene(200)  # a page has 32 entries
        bad = self.entries_of(jobs[::2])
        values = self.damage(bad)
        self.start_again('--bad-entries', 'set-aside')
        self.assertEqual(self.set_aside(), [(b'id', ident, b'b', values[ident]) for ident in bad])
        self.assertEqual(self.bodies(), [f'body {i}'.encode() for i in range(1, 200, 2)])

    def test_a_large_entry_is_copied_whole(self):
        self.own = self.redis(appendonly='no')
        self.ringqd = self.start(redis=self.own.url)
        self.as_ever = list(self.ringqd.args)
        with self.ringqd.client() as c:
            jobs = [c.put('q', bytes(250_000)), c.put('q', 'small')]
            self.ringqd.until_idle(c)
        self.ringqd.kill()
        [(entry, value)] = self.damage(self.entries_of(jobs[:1])).items()
        self.start_again('--bad-entries', 'set-aside')
        self.assertEqual(self.set_aside(), [(b'id', entry, b'b', value)])
        self.assertEqual(self.bodies(), [b'small'])

    def test_what_is_not_an_entry_of_ours_still_stops_it_and_stays_where_it_is(self):
        self.scene(1)
        with self.own.client() as r:
            r.call('XADD', LOG, '9-2', 'foreign', 'x')
        self.assertIn('entry 9-2 of ringq:{p000}:log is not ours', self.stops('--bad-entries', 'set-aside'))
        self.assertEqual(self.set_aside(), [])
        with self.own.client() as r:
            self.assertEqual(len(r.call('XRANGE', LOG, '9-2', '9-2')), 1)

    def test_an_entry_of_a_newer_version_may_be_good_and_still_stops_it(self):
        jobs = self.scene(2)
        [entry] = self.entries_of(jobs[1:])
        with self.own.client() as r:
            log = r.call('XRANGE', LOG, '-', '+')
            r.call('DEL', LOG)
            for ident, (field, value) in log:
                r.call('XADD', LOG, ident, field, bytes([value[0] + (ident == entry)]) + value[1:]
                       if field == b'b' else value)
        self.assertIn('is of a newer version', self.stops('--bad-entries', 'set-aside'))
        self.assertEqual(self.set_aside(), [])


def resp_jobs(reply):
    return [resp.as_job(job) for job in reply or []]


if __name__ == '__main__':
    ringqd.main()
