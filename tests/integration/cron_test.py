#!/usr/bin/env python3
"""cron_test - CRON: jobs that are put again and again, also across the end of a server.

SPDX-License-Identifier: MIT
"""
import datetime
import json
import time
import zoneinfo

import resp
import ringqd


class Entries:
    """What all tests below do with CRON; a mixin."""

    def add(self, client, name, spec, *words, queue=None):
        self.assertEqual(client.call('CRON', 'ADD', name, queue or name, spec, 'tick', *words), 'OK')

    @staticmethod
    def entries(client):
        return {e['name'].decode(): e for e in map(resp.pairs, client.call('CRON', 'LIST'))}

    def entry(self, client, name):
        return self.entries(client)[name]

    def runs(self, client, name):
        return self.entry(client, name)['runs']

    def until_runs(self, client, name, count):
        ringqd.wait_until(lambda: self.runs(client, name) >= count, f'{count} runs of {name}')


class Cron(Entries, ringqd.SharedTest):
    def tearDown(self):
        for name in self.entries(self.c):
            self.c.call('CRON', 'DEL', name)
        super().tearDown()

    def test_it_puts_a_job_again_and_again(self):
        started = time.monotonic()
        self.add(self.c, 'often', '@every 1s', queue=self.q)
        for _ in range(3):
            self.assertEqual(self.c.get(self.q)['body'], b'tick')
        self.assertGreaterEqual(time.monotonic() - started, 2.9)
        entry = self.entry(self.c, 'often')
        self.assertGreaterEqual(entry['runs'], 3)
        self.assertEqual((entry['skipped'], entry['queue'].decode(), entry['spec'], entry['tz'], entry['bytes']),
                         (0, self.q, b'@every 1s', b'UTC', 4))
        self.assertGreater(entry['next'], entry['last'])

    def test_its_jobs_have_the_options_of_put(self):
        self.add(self.c, 'rich', '@every 1s', 'PRI', 7, 'TRIES', 3, 'HEADER', 'a', 'b', 'DELAY', 20, 'TZ', 'UTC',
                 queue=self.q)
        job = self.c.get(self.q)
        self.assertEqual(resp.pairs(job['headers']), {'a': b'b'})
        shown = self.c.show(job['id'])
        self.assertEqual((shown['pri'], shown['tries']), (7, 3))

    def test_an_entry_that_is_gone_puts_nothing(self):
        self.add(self.c, 'brief', '@every 1s', queue=self.q)
        self.assertEqual(self.c.call('CRON', 'DEL', 'brief'), 1)
        self.assertEqual(self.c.call('CRON', 'DEL', 'brief'), 0)
        self.assertIsNone(self.c.call('GET', self.q, 'BLOCK', 1500))

    def test_the_list_is_in_the_order_of_the_names(self):
        for name in 'bca':
            self.add(self.c, name, '@daily')
        self.assertEqual(list(self.entries(self.c)), ['a', 'b', 'c'])

    def test_the_same_times_said_again_are_kept(self):
        self.add(self.c, 'same', '@every 1h')
        first = self.entry(self.c, 'same')['next']
        self.add(self.c, 'same', '@every 1h', 'PRI', 1)
        self.assertEqual(self.entry(self.c, 'same')['next'], first)
        self.add(self.c, 'same', '@every 2h')
        self.assertGreater(self.entry(self.c, 'same')['next'], first)

    def test_a_full_queue_skips_runs(self):
        self.c.call('QUEUE', 'SET', self.q, 'MAXSIZE', 1)
        self.add(self.c, 'full', '@every 1s', queue=self.q)
        ringqd.wait_until(lambda: self.entry(self.c, 'full')['skipped'] >= 1, 'a run is skipped')
        self.assertEqual((self.runs(self.c, 'full'), self.c.call('QSIZE', self.q)), (1, 1))
        self.c.call('QUEUE', 'SET', self.q, 'MAXSIZE', 0)
        self.until_runs(self.c, 'full', 2)

    def test_a_paused_queue_and_one_that_is_shut_skip_runs(self):
        for command in (('PAUSE', self.q, 'IN'), ('SHUTDOWN', self.q)):
            self.c.call(*command)
            self.add(self.c, 'out', '@every 1s', queue=self.q)
            ringqd.wait_until(lambda: self.entry(self.c, 'out')['skipped'] >= 1, 'a run is skipped')
            self.assertEqual(self.runs(self.c, 'out'), 0)
            self.c.call('CRON', 'DEL', 'out')
            self.c.call('RESUME', self.q)

    def test_while_its_key_is_held_runs_are_skipped(self):
        self.add(self.c, 'one', '@every 1s', 'UNIQUE', 'only', queue=self.q)
        ringqd.wait_until(lambda: self.entry(self.c, 'one')['skipped'] >= 1, 'a run is skipped')
        self.assertEqual((self.runs(self.c, 'one'), self.c.call('QSIZE', self.q)), (1, 1))
        self.c.call('DONE', self.c.get(self.q)['lease'])
        self.until_runs(self.c, 'one', 2)

    def test_while_the_server_drains_runs_wait_and_come_once(self):
        self.add(self.c, 'later', '@every 1s', queue=self.q)
        self.c.call('DRAIN')
        try:
            before = self.entry(self.c, 'later')
            time.sleep(3.2)  # three of them
            after = self.entry(self.c, 'later')
            self.assertEqual((after['runs'], after['skipped']), (before['runs'], 0))
        finally:
            self.c.call('UNDRAIN')
        self.until_runs(self.c, 'later', before['runs'] + 1)
        self.assertLessEqual(self.runs(self.c, 'later'), before['runs'] + 2)

    def test_a_time_zone_decides_when_a_day_begins(self):
        zone = zoneinfo.ZoneInfo('America/New_York')
        self.add(self.c, 'noon', '0 12 * * *', 'TZ', 'America/New_York')
        due = datetime.datetime.fromtimestamp(self.entry(self.c, 'noon')['next'] / 1000, zone)
        self.assertEqual((due.hour, due.minute, due.second), (12, 0, 0))
        self.assertLessEqual(due.timestamp() - time.time(), 25 * 3600 + 1)

    def refused(self, *words):
        return self.refuses(self.c, 'BADARG', 'CRON', *words)

    def test_what_makes_no_sense_is_refused_in_words(self):
        for spec, what in (('* * * *', 'five fields'), ('60 * * * *', 'minute'), ('* * * * mo', 'week'),
                           ('@every 999', '@every'), ('@sometimes', '@hourly'), ('0 0 30 2 *', 'no such day')):
            self.assertIn(what, self.refused('ADD', 'x', 'q', spec, 'b'))
        self.assertIn('time zone', self.refused('ADD', 'x', 'q', '@daily', 'b', 'TZ', 'Mars/Olympus'))
        self.assertIn('time zone', self.refused('ADD', 'x', 'q', '@daily', 'b', 'TZ', '../../../etc/passwd'))
        self.assertIn('AT', self.refused('ADD', 'x', 'q', '@daily', 'b', 'AT', 1))
        self.assertIn('BLOCK', self.refused('ADD', 'x', 'q', '@daily', 'b', 'BLOCK', 1))
        self.assertIn('BLOCK', self.refused('ADD', 'x', 'q', '@daily', 'b', 'NOWAIT'))
        self.assertIn('ADD, DEL or LIST', self.refused('RUN', 'x'))
        self.refuses(self.c, 'ERR', 'CRON', 'ADD', 'x', 'q', '@daily')
        self.refuses(self.c, 'ERR', 'CRON', 'LIST', 'x')
        self.assertEqual(self.entries(self.c), {})

    def test_its_limits_have_ends(self):
        self.c.call('CRON', 'ADD', 'n' * 128, 'q', '@daily', 'b' * 65536)
        self.refused('ADD', 'n' * 129, 'q', '@daily', 'b')
        self.refused('ADD', 'x', 'q' * 129, '@daily', 'b')
        self.assertIn('65536', self.refuses(self.c, 'TOOBIG', 'CRON', 'ADD', 'x', 'q', '@daily', 'b' * 65537))
        self.c.call('CRON', 'ADD', 'x', 'q', '0 0 * * *' + ' ' * 247, 'b')
        self.assertIn('256', self.refused('ADD', 'x', 'q', '0 0 * * *' + ' ' * 248, 'b'))
        for i in range(998):
            self.c.send('CRON', 'ADD', f'e{i}', 'q', '@yearly', 'b')
        self.assertEqual({self.c.read() for _ in range(998)}, {'OK'})
        self.refuses(self.c, 'LIMIT', 'CRON', 'ADD', 'one-too-many', 'q', '@daily', 'b')
        self.c.call('CRON', 'ADD', 'x', 'q', '@daily', 'b')  # one that is there already


class Cli(Entries, ringqd.SharedTest):
    def ringq(self, *args, code=0):
        done = self.server.ringq('cron', *args)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_entries_are_added_listed_and_deleted(self):
        self.ringq('add', 'night', 'mail', '30 2 * * *', 'all', '--tz', 'Europe/Berlin', '--tries', 3, '--delay', '5s')
        self.ringq('add', 'beat', 'health', '@every 1s', '-')
        self.until_runs(self.c, 'beat', 1)
        rows = [line.split('\t') for line in self.ringq('list').stdout.splitlines()]
        self.assertEqual([row[:4] for row in rows],
                         [['beat', 'health', '@every 1s', 'UTC'], ['night', 'mail', '30 2 * * *', 'Europe/Berlin']])
        self.assertEqual((rows[1][5], rows[1][6]), ('-', '0'))
        night = json.loads(self.ringq('list', '--json').stdout.splitlines()[1])
        self.assertEqual((night['name'], night['last'], night['bytes']), ('night', 0, 3))
        self.assertEqual(night['next'], self.entry(self.c, 'night')['next'])
        self.ringq('del', 'night')
        self.assertIn('no entry', self.ringq('del', 'night', code=3).stderr)
        self.ringq('del', 'beat')
        self.assertEqual(self.ringq('list').stdout, '')

    def test_an_entry_has_the_options_of_put(self):
        self.ringq('add', 'rich', self.q, '@every 1s', 'body', '--ttl', '1h', '--keep', '2m', '--header', 'lang=de', '--unique', 'one',
                   '--window', '3m', '--pri', 7)
        job = self.c.get(self.q)
        shown = self.c.show(job['id'])
        self.assertEqual((shown['ttl'], shown['keep'], shown['unique'], shown['headers'], shown['pri']),
                         (3600000, 120000, b'one', [b'lang', b'de'], 7))
        self.assertEqual(job['body'], b'body')
        ringqd.wait_until(lambda: self.entry(self.c, 'rich')['skipped'] > 0, 'a run to be skipped: the key is held')
        self.ringq('del', 'rich')
        self.assertIn('--unique', self.ringq('add', 'x', self.q, '@daily', 'b', '--window', '1s', code=2).stderr)

    def test_wrong_words_are_told(self):
        for words, what in ((('run', 'x'), 'add, del or list'), (('del',), 'cron del NAME'), (('add', 'x'), 'SPEC'),
                            (('add', 'x', 'q', '61 * * * *', 'b'), 'minute'), ((), 'missing')):
            self.assertIn(what, self.ringq(*words, code=2).stderr)


class Restarts(Entries, ringqd.Test):
    def check(self, client, name):
        """Each run is a job, and each job a run."""
        def counts():
            return client.stats(name)['total_put'], self.runs(client, name)
        ringqd.wait_until(lambda: len(set(counts())) == 1, 'the jobs are as many as the runs')

    def test_entries_survive_and_missed_runs_come_once(self):
        server = self.start()
        with server.client() as c:
            self.add(c, 'tick', '@every 1s', 'HEADER', 'a', 'b', 'TZ', 'Europe/Berlin')
            self.add(c, 'rare', '30 2 29 2 *', 'TZ', 'America/New_York')
            self.add(c, 'gone', '@daily')
            c.call('CRON', 'DEL', 'gone')
            self.until_runs(c, 'tick', 1)
            before = self.entries(c)
        server.kill()
        time.sleep(4)
        started = time.monotonic()
        server.start()
        with server.client() as c:
            self.until_runs(c, 'tick', before['tick']['runs'] + 1)
            after = self.entries(c)
            most = before['tick']['runs'] + 2 + int(time.monotonic() - started)
            self.assertLessEqual(after['tick']['runs'], most)
            self.assertEqual(after['rare'], before['rare'])
            self.assertEqual(list(after), ['rare', 'tick'])
            self.assertEqual(resp.pairs(c.get('tick')['headers']), {'a': b'b'})
            self.check(c, 'tick')

    def test_a_killed_server_neither_loses_nor_repeats_a_run(self):
        server = self.start()
        with server.client() as c:
            self.add(c, 'tick', '@every 1s')
        for kill in range(4):
            with server.client() as c:
                count = self.runs(c, 'tick')
                self.until_runs(c, 'tick', count + 1)
                self.check(c, 'tick')
            server.restart()
        with server.client() as c:
            self.check(c, 'tick')

    def test_while_redis_is_away_runs_wait_and_come_once(self):
        redis = self.redis()
        server = self.start(redis=redis.url)
        with server.client() as c:
            self.add(c, 'tick', '@every 1s')
            self.until_runs(c, 'tick', 1)
            redis.kill()
            ringqd.wait_until(lambda: c.stats()['store'] != b'up', 'the link is down')
            before = self.runs(c, 'tick')
            time.sleep(4)
            self.assertLessEqual(self.runs(c, 'tick'), before + 1)
            redis.start()
            ringqd.wait_until(lambda: c.stats()['store'] == b'up', 'the link is up')
            self.until_runs(c, 'tick', before + 1)
            self.assertLessEqual(self.runs(c, 'tick'), before + 3)
            self.check(c, 'tick')


if __name__ == '__main__':
    ringqd.main()
