#!/usr/bin/env python3
"""cli_manage_test - what an operator does with ringq: dead jobs, queues, the server; and what
travels with a job.

SPDX-License-Identifier: MIT
"""
import contextlib
import json
import os
import pty
import subprocess
import unittest

import ringqd
import resp


class Manage(ringqd.SharedTest):
    def env(self):
        return ringqd.environment(RINGQ_URL=self.server.url)

    def run_cli(self, *args, code=0, **run):
        if 'input' not in run:
            run['stdin'] = subprocess.DEVNULL
        done = subprocess.run([ringqd.RINGQ, *map(str, args)], env=self.env(), capture_output=True, check=False, text=True,
                              timeout=ringqd.PATIENCE, **run)
        self.assertEqual(done.returncode, code, f'{args}: {done.stdout!r} {done.stderr!r}')
        return done

    def ringq(self, *args, **run):
        return self.run_cli(*args, **run).stdout

    def start(self, *args):
        child = subprocess.Popen([ringqd.RINGQ, *map(str, args)], env=self.env(), text=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=ringqd.die_with_the_test)

        def end():
            if child.poll() is None:
                child.kill()
            child.stdout.close()
            child.stderr.close()
            child.wait()
        self.addCleanup(end)
        return child

    def dead(self, *errors):
        """The ids of dead jobs, one for each error."""
        ids = []
        for error in errors:
            self.c.put(self.q, f'body of {error}')
            job = self.c.get(self.q)
            self.c.call('FAIL', job['lease'], 'ERROR', error, 'DEAD')
            ids.append(job['id'])
        return ids

    def stat(self, name):
        return self.c.stats(self.q)[name]


class Dead(Manage):
    def test_they_are_listed_with_what_killed_them(self):
        first, second = self.dead('read timeout', 'no such host')
        rows = [line.split('\t') for line in self.ringq('dead', 'list', self.q).splitlines()]
        self.assertEqual([(r[0], r[1], r[2], r[4], r[5]) for r in rows],
                         [(first, 'dead', '1', 'read timeout', 'body of read timeout'),
                          (second, 'dead', '1', 'no such host', 'body of no such host')])
        self.assertEqual(self.ringq('dead', 'list', self.q, '-q', '--match', 'error:*host').split(), [second])
        job, = map(json.loads, self.ringq('dead', 'list', self.q, '--json', '-n', 1).splitlines())
        self.assertEqual((job['id'], job['state'], job['body']), (first, 'dead', 'body of read timeout'))

    def test_they_are_tried_again_all_or_some(self):
        ids = self.dead('timeout 1', 'no such host', 'timeout 2', 'disk full')
        self.assertEqual(self.ringq('dead', 'retry', self.q, '--match', 'error:timeout*'), '2\n')
        self.assertEqual([self.c.show(i)['state'] for i in ids], [b'ready', b'dead', b'ready', b'dead'])
        self.assertEqual(json.loads(self.ringq('dead', 'retry', self.q, ids[1], '--json')), {'queue': self.q, 'kicked': 1})
        self.assertEqual(self.ringq('dead', 'retry', self.q), '1\n')
        self.assertEqual(self.stat('ready'), 4)

    def test_more_than_a_page_of_them(self):
        self.c.call('MPUT', self.q, 'TRIES', 1, 'BODIES', 300, *range(300))
        jobs = [resp.as_job(j) for j in self.c.call('GET', self.q, 'COUNT', 300)]
        self.c.pipeline(('FAIL', j['lease'], 'ERROR', 'boom') for j in jobs)
        self.assertEqual(len(self.ringq('dead', 'list', self.q, '-q', '-n', 290).split()), 290)
        self.assertEqual(self.ringq('dead', 'retry', self.q, '--match', 'error:boom', '-n', 200), '200\n')
        self.assertEqual(self.ringq('dead', 'purge', self.q, '--yes'), '100\n')
        self.assertEqual((self.stat('ready'), self.stat('dead')), (200, 0))

    def test_they_are_ended(self):
        self.dead('a', 'b', 'c')
        self.assertEqual(self.ringq('dead', 'purge', self.q, '--yes'), '3\n')
        self.assertEqual((self.stat('dead'), self.stat('total_cancelled')), (0, 3))

    def test_large_bodies_make_pages_short_but_no_list(self):
        for _ in range(10):
            self.c.put(self.q, 'x' * 1_000_000)
        self.assertEqual(len(self.ringq('peek', self.q, '-q', '-n', 100).split()), 10)
        for _ in range(10):
            self.c.call('FAIL', self.c.get(self.q)['lease'], 'ERROR', 'boom', 'DEAD')
        self.assertEqual(self.ringq('dead', 'retry', self.q, '--match', 'error:boom'), '10\n')
        self.c.call('PURGE', self.q)

    def test_what_else_is_said_is_wrong(self):
        self.assertIn('list, retry or purge', self.run_cli('dead', 'eat', self.q, code=2).stderr)
        for wrong in (('retry', self.q, '7-1', '-n', 1), ('purge', self.q, '7-1'), ('purge', self.q, '-n', 1), ('list', self.q, '7-1')):
            self.assertIn('purge ends all', self.run_cli('dead', *wrong, code=2).stderr)
        self.assertIn('missing', self.run_cli('dead', 'list', code=2).stderr)


class Jobs(Manage):
    def test_kick(self):
        first, second, _ = self.dead('a', 'b', 'c')
        self.assertEqual(self.ringq('kick', self.q, '-n', 1), '1\n')
        self.assertEqual(self.c.show(first)['state'], b'ready')
        done = self.run_cli('kick', self.q, second, '1-999999', code=3)
        self.assertEqual(done.stdout, '1\n')
        self.assertIn('NOJOB', done.stderr)
        self.assertEqual(json.loads(self.ringq('kick', self.q, '--json')), {'queue': self.q, 'kicked': 1})

    def test_cancel(self):
        ids = [self.c.put(self.q, 'x') for _ in range(3)]
        self.assertEqual(self.ringq('cancel', *ids[:2]), '2\n')
        done = self.run_cli('cancel', ids[0], ids[2], '--json', code=3)
        self.assertEqual(json.loads(done.stdout), {'cancelled': 1})
        self.assertEqual(self.stat('unfinished'), 0)

    def test_purge(self):
        self.c.put(self.q, 'x')
        self.c.put(self.q, 'y', 'DELAY', 60000)
        self.assertEqual(self.ringq('purge', self.q, '--state', 'delayed', '-y'), '1\n')
        self.assertEqual(json.loads(self.ringq('purge', self.q, '--json', '--yes')), {'queue': self.q, 'purged': 1})
        self.assertIn('BADARG', self.run_cli('purge', self.q, '--state', 'leased', '-y', code=2).stderr)

    def test_where_nobody_can_be_asked_yes_has_to_be_said(self):
        self.c.put(self.q, 'x')
        for command in (('purge', self.q), ('dead', 'purge', self.q), ('shutdown', self.q, '--immediate')):
            self.assertIn('--yes', self.run_cli(*command, code=2).stderr)
        self.assertEqual((self.stat('ready'), self.stat('shut')), (1, b'no'))

    def test_on_a_terminal_it_asks_with_the_real_count(self):
        for answer, code, left in (('n\n', 130, 3), ('\n', 130, 3), ('y\n', 0, 0)):
            for _ in range(3 - self.stat('ready')):
                self.c.put(self.q, 'x')
            child, fd = pty.fork()
            if child == 0:
                os.execve(ringqd.RINGQ, [ringqd.RINGQ, 'purge', self.q], self.env())
            seen = b''
            while not seen.endswith(b'[y/N] '):
                seen += os.read(fd, 4096)
            self.assertEqual(seen.decode(), f'purge 3 jobs of {self.q}? [y/N] ')
            os.write(fd, answer.encode())
            with contextlib.suppress(OSError):  # it has ended
                while os.read(fd, 4096):
                    pass
            os.close(fd)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), code)
            self.assertEqual(self.stat('ready'), left)

    def test_reschedule(self):
        ident = self.c.put(self.q, 'x', 'DELAY', 60000)
        self.assertEqual(self.ringq('reschedule', ident, '--delay', '0'), '')
        self.assertEqual(self.c.get(self.q)['id'], ident)
        self.assertIn('BADARG', self.run_cli('reschedule', ident, '--at', '2031-01-01', code=2).stderr)
        for wrong in ((), ('--delay', '1s', '--at', '2031-01-01'), ('--at', 'soon')):
            self.run_cli('reschedule', ident, *wrong, code=2)

    def test_put_durable(self):
        told = json.loads(self.ringq('put', self.q, 'x', '--durable', 'memory', '--json'))
        self.assertEqual(told['durability'], 'memory')
        self.ringq('put', self.q, '--lines', '-', '--durable', 'memory', input='a\nb\n')
        self.assertEqual(self.stat('ready'), 3)
        self.assertIn('BADARG', self.run_cli('put', self.q, 'x', '--durable', 'disk', code=2).stderr)

    def test_requeue(self):
        ident = self.c.put(self.q, 'x')
        self.assertEqual(self.ringq('requeue', ident, self.q + '-slow'), '')
        self.assertEqual(self.c.get(self.q + '-slow')['id'], ident)
        self.assertIn('leased', self.run_cli('requeue', ident, self.q, code=2).stderr)
        self.run_cli('requeue', ident, code=2)

    def test_peek(self):
        ids = [self.c.put(self.q, f'body {i}', 'HEADER', 'n', i) for i in range(20)]
        self.assertEqual(self.ringq('peek', self.q, '-q').split(), ids[:10])
        self.assertEqual(self.ringq('peek', self.q, '-q', '-n', 5, '--after', ids[9]).split(), ids[10:15])
        row, = self.ringq('peek', self.q, '--match', 'header.n:7').splitlines()
        self.assertEqual((row.split('\t')[0], row.split('\t')[5]), (ids[7], 'body 7'))
        job = json.loads(self.ringq('peek', self.q, '-n', 1, '--json'))
        self.assertEqual((job['id'], job['headers']), (ids[0], {'n': '0'}))
        self.assertEqual(self.ringq('peek', self.q, '--state', 'leased'), '')
        self.assertIn('BADARG', self.run_cli('peek', self.q, '--match', 'nonsense', code=2).stderr)


class Queues(Manage):
    def tearDown(self):
        self.c.call('RESUME', self.q)
        self.c.call('QUEUE', 'SET', self.q, 'OPEN', 'MAXSIZE', 0)
        super().tearDown()

    def test_what_is_set_is_set_and_the_rest_stays(self):
        self.ringq('queue', 'set', self.q, '--maxsize', 5, '--rate', '9/s')
        self.ringq('queue', 'set', self.q, '--order', 'lifo', '--concurrency', 2, '--grouplimit', 1, '--deadmax', 7,
                   '--ttr', '5s', '--tries', 3)
        self.assertEqual([self.stat(n) for n in ('maxsize', 'rate', 'order', 'concurrency', 'grouplimit', 'deadmax')],
                         [5, 9, b'lifo', 2, 1, 7])
        shown = self.c.show(self.c.put(self.q, 'x'))
        self.assertEqual((shown['ttr'], shown['tries']), (5000, 3))
        for wrong in (('queue', 'get', self.q), ('queue', 'set', self.q, '--rate', 'fast'),
                      ('queue', 'set', self.q, '--order', 'best'), ('queue', 'set')):
            self.run_cli(*wrong, code=2)

    def test_a_full_queue_makes_puts_wait(self):
        self.ringq('queue', 'set', self.q, '--maxsize', 1)
        self.ringq('put', self.q, 'first')
        for wait in (('--no-wait',), ('--wait-room', '0'), ('--wait-room', '50ms')):
            self.assertIn('FULL', self.run_cli('put', self.q, 'second', *wait, code=6).stderr)
        one, lines = self.start('put', self.q, 'second'), self.start('put', self.q, '--lines', '/etc/hostname')
        ringqd.wait_until(lambda: self.stat('waiting_putters') == 2, 'both wait')
        for _ in range(2):
            self.c.get(self.q, 'BLOCK', 5000)
        for child in (one, lines):
            self.assertEqual(child.wait(ringqd.PATIENCE), 0, child.stderr.read())

    def test_pause_and_resume(self):
        told = json.loads(self.ringq('pause', self.q, '--in', '--json'))
        self.assertEqual(told, {'queue': self.q, 'state': 'takes no jobs in'})
        self.assertIn('PAUSED', self.run_cli('put', self.q, 'x', code=6).stderr)
        self.assertEqual(self.ringq('resume', self.q), '')
        self.ringq('put', self.q, 'x')
        self.ringq('pause', self.q, '--out')
        self.run_cli('get', self.q, '--nowait', code=124)
        self.ringq('pause', self.q)
        self.assertEqual(self.stat('paused'), b'both')

    def test_shutdown_ends_workers_and_open_begins_anew(self):
        self.ringq('put', self.q, 'x')
        worker = self.start('work', self.q, '--drain', '--', 'true')
        self.ringq('shutdown', self.q)
        self.assertIn('SHUTDOWN', self.run_cli('put', self.q, 'y', code=8).stderr)
        self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
        self.ringq('queue', 'set', self.q, '--open')
        self.ringq('put', self.q, 'y')
        self.ringq('shutdown', self.q, '--immediate', '--yes')
        self.assertEqual(self.stat('unfinished'), 0)


class Drain(ringqd.Test):
    def test_a_worker_finishes_what_it_has_and_takes_no_more(self):
        server = self.start()
        with server.client() as c:
            for body in ('1.2', '0'):
                c.put('q', body, 'TTR', 1000)
            env = ringqd.environment(RINGQ_URL=server.url)
            with subprocess.Popen([ringqd.RINGQ, 'work', 'q', '--max-jobs', '2', '--', 'sh', '-c', 'sleep $(cat)'], env=env,
                                  preexec_fn=ringqd.die_with_the_test) as worker:
                ringqd.wait_until(lambda: c.stats('q')['leased'], 'it works')
                server.ringq('drain')
                ringqd.wait_until(lambda: c.stats('q')['total_done'], 'the first one is done')
                self.assertEqual((c.stats('q')['ready'], c.stats()['draining']), (1, 1))
                server.ringq('undrain')
                self.assertEqual(worker.wait(ringqd.PATIENCE), 0)


class Join(Manage):
    def test_a_barrier_leaves_out_what_is_put_later(self):
        self.c.put(self.q, 'x')
        waiting = self.start('join', self.q, '--barrier')
        ringqd.wait_until(lambda: self.c.stats()['waiting_joiners'], 'it waits')
        self.c.put(self.q, 'later')
        self.c.done(self.c.get(self.q)['lease'])
        self.assertEqual(waiting.wait(ringqd.PATIENCE), 0)
        self.assertEqual(self.stat('ready'), 1)


class Unique(Manage):
    def test_there_is_no_second_job_with_the_key(self):
        first = self.ringq('put', self.q, 'one', '--unique', 'k', '-q').strip()
        told = json.loads(self.ringq('put', self.q, 'two', '--unique', 'k', '--json', code=4))
        self.assertEqual((told['id'], told['state']), (first, 'exists'))
        self.ringq('put', self.q, 'three', '--unique', 'k', '--replace')
        self.assertEqual(self.c.get(self.q)['body'], b'three')
        self.run_cli('put', self.q, 'x', '--window', '1m', code=2)
        self.run_cli('put', self.q, '--lines', '-', '--unique', 'k', code=2, input='a')


class Group(Manage):
    def test_groups_take_turns_within_their_limit(self):
        self.ringq('queue', 'set', self.q, '--grouplimit', 1)
        self.ringq('put', self.q, '--lines', '-', '--group', 'a', input='a1\na2\n')
        self.ringq('put', self.q, 'b1', '--group', 'b')
        self.assertIn('group', self.ringq('show', self.ringq('peek', self.q, '--match', 'group:b', '-q').split()[0]))
        self.assertEqual([self.c.get(self.q)['body'], self.c.get(self.q)['body']], [b'a1', b'b1'])
        self.assertIsNone(self.c.get_now(self.q))

    def test_a_cron_entry_has_a_group(self):
        self.ringq('cron', 'add', 'turns', self.q, '@every 1s', 'tick', '--group', 'a')
        self.addCleanup(self.c.call, 'CRON', 'DEL', 'turns')
        self.assertEqual(self.c.show(self.c.get(self.q)['id'])['group'], b'a')


class Wait(Manage):
    def test_a_put_waits_for_its_result(self):
        worker = self.start('work', self.q, '--max-jobs', 2, '--', 'tr', 'a-z', 'A-Z')
        self.assertEqual(self.ringq('put', self.q, 'hello', '--wait'), 'HELLO')
        told = json.loads(self.ringq('put', self.q, 'again', '--wait=1m', '--json'))
        self.assertEqual((told['state'], told['result']), ('done', 'AGAIN'))
        self.assertEqual(worker.wait(ringqd.PATIENCE), 0)

    def test_what_ends_badly_is_exit_1(self):
        waiting = self.start('put', self.q, 'x', '--wait')
        ringqd.wait_until(lambda: self.stat('ready'), 'it is put')
        self.ringq('purge', self.q, '--yes')
        _, said = waiting.communicate(timeout=ringqd.PATIENCE)
        self.assertEqual(waiting.returncode, 1)
        self.assertIn('cancelled', said)

    def test_who_gave_up_waiting_is_told_how_to_go_on(self):
        done = self.run_cli('put', self.q, 'x', '--wait=10ms', code=124)
        self.assertEqual(done.stdout, '')
        ident = self.c.call('PEEK', self.q)[0][1].decode()
        self.assertIn(f'ringq wait {ident}\n', done.stderr)
        self.c.call('DONE', self.c.get(self.q)['lease'], 'RESULT', 'later')
        self.assertEqual(self.ringq('wait', ident), 'later')

    def test_several_jobs_are_a_table(self):
        ids = [self.ringq('put', self.q, body, '--keep', '1m', '-q').strip() for body in 'ab']
        self.assertEqual(self.run_cli('wait', *ids, '--block', '10ms', code=124).stdout, '')
        self.c.call('DONE', self.c.get(self.q)['lease'], 'RESULT', 'one\ttwo')
        self.assertEqual(self.ringq('wait', *ids, '--any'), f'{ids[0]}\tdone\tone\\ttwo\n')
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DEAD')
        self.assertEqual(self.ringq('wait', *ids, code=1), f'{ids[0]}\tdone\tone\\ttwo\n{ids[1]}\tdead\t\n')
        rows = [json.loads(line) for line in self.ringq('wait', *ids, '--json', code=1).splitlines()]
        self.assertEqual([(r['state'], r['result']) for r in rows], [('done', 'one\ttwo'), ('dead', None)])
        self.run_cli('wait', '1-999999', code=3)
        self.run_cli('put', self.q, '--lines', '-', '--wait', code=2, input='a')


class Travels(Manage):
    def test_headers_go_in_and_come_out_everywhere(self):
        self.ringq('put', self.q, 'x', '--header', 'Trace-Id=4bf9', '--header', 'odd name'.replace(' ', '$') + '=a=b')
        ident = self.ringq('peek', self.q, '-q').strip()
        shown = dict(line.split('\t', 1) for line in self.ringq('show', ident).splitlines())
        self.assertEqual((shown['header.Trace-Id'], shown['header.odd$name']), ('4bf9', 'a=b'))
        self.assertEqual(json.loads(self.ringq('show', ident, '--json'))['headers'], {'Trace-Id': '4bf9', 'odd$name': 'a=b'})
        told = self.run_cli('get', self.q, '--nowait', '--no-ack')
        self.assertIn('\n  Trace-Id: 4bf9\n', told.stderr)
        self.assertEqual(json.loads(self.ringq('get', self.q, '--nowait', '--no-ack', '--json'))['headers']['Trace-Id'], '4bf9')
        out = self.ringq('work', self.q, '--once', '--show', '--', 'sh', '-c', 'env | grep ^RINGQ_HEADER')
        self.assertEqual(out, f'{ident} | RINGQ_HEADER_TRACE_ID=4bf9\n')

    def test_lines_have_headers_too(self):
        self.run_cli('put', self.q, '--lines', '-', '--header', 'k=v', '--ttl', '1h', input='a\nb\n')
        jobs = [json.loads(line) for line in self.ringq('peek', self.q, '--json').splitlines()]
        self.assertEqual([j['headers'] for j in jobs], [{'k': 'v'}] * 2)
        self.assertEqual([j['ttl'] for j in jobs], [3600000] * 2)

    def test_a_bad_header_is_refused_here_or_there(self):
        self.assertIn('NAME=VALUE', self.run_cli('put', self.q, 'x', '--header', 'novalue', code=2).stderr)
        self.assertIn('BADARG', self.run_cli('put', self.q, 'x', '--header', 'a:b=c', code=2).stderr)

    def test_a_job_that_nobody_starts_expires(self):
        self.ringq('put', self.q, 'x', '--ttl', '20ms')
        ringqd.wait_until(lambda: self.stat('total_expired'), 'it expires')

    def test_a_cancelled_job_ends_its_program_gently(self):
        mark = f'{self.directory}/{self.q}'
        ident = self.c.put(self.q, 'x', 'TTR', 1000)
        worker = self.start('work', self.q, '--once', '-v', '--', 'sh', '-c',
                            f'trap "echo gently > {mark}; exit 1" TERM; touch {mark}.up; while :; do sleep 0.05; done')
        ringqd.wait_until(lambda: os.path.exists(f'{mark}.up'), 'the program runs')
        self.assertEqual(self.ringq('cancel', ident), '1\n')
        _, said = worker.communicate(timeout=ringqd.PATIENCE)
        self.assertEqual(worker.returncode, 0)
        with open(mark, encoding='utf-8') as file:
            self.assertEqual(file.read(), 'gently\n')
        self.assertIn('cancelled', said)
        self.assertIn('1 cancelled', said.splitlines()[-1])
        self.assertEqual((self.stat('unfinished'), self.stat('total_cancelled')), (0, 1))


if __name__ == '__main__':
    unittest.main()
