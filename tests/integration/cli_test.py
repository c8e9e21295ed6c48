#!/usr/bin/env python3
"""cli_test - the commands of ringq against a real server: what goes in comes out, is waited
for and counted.

SPDX-License-Identifier: MIT
"""
import base64
import fcntl
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

import ringqd

BODY_MAX = 1 << 20
IS_SANITIZED = any(mark in pathlib.Path(ringqd.RINGQ).read_bytes() for mark in (b'__asan_init', b'__tsan_init'))


class Cli(ringqd.SharedTest):
    def run_cli(self, *args, code=0, **run):
        run.setdefault('timeout', ringqd.PATIENCE)
        if 'input' not in run:
            run.setdefault('stdin', subprocess.DEVNULL)
        done = subprocess.run([ringqd.RINGQ, *map(str, args)], env=self.env(), capture_output=True, check=False, **run)
        self.assertEqual(done.returncode, code, f'{args}: {done.stdout!r} {done.stderr!r}')
        return done

    def ringq(self, *args, **run):
        """What it printed, as str."""
        return self.run_cli(*args, **run).stdout.decode()

    def spawn(self, *args, **popen):
        popen.setdefault('stdin', subprocess.DEVNULL)
        child = subprocess.Popen([ringqd.RINGQ, *map(str, args)], env=self.env(), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, preexec_fn=ringqd.die_with_the_test, **popen)

        def end():
            if child.poll() is None:
                child.kill()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()
            child.wait()
        self.addCleanup(end)
        return child

    def env(self):
        return ringqd.environment(RINGQ_URL=self.server.url)

    def file(self, name, content):
        path = pathlib.Path(self.directory) / f'{self.q}-{name}'
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def bodies(self):
        """Takes all that is ready."""
        found = []
        while (job := self.c.get_now(self.q)) is not None:
            found.append(job['body'])
            self.c.done(job['lease'])
        return found


class Put(Cli):
    def test_a_word_is_the_body(self):
        job, state, durability = self.ringq('put', self.q, 'hello').rstrip('\n').split('\t')
        self.assertEqual((state, durability), ('queued', 'redis'))
        self.assertEqual(self.c.get_now(self.q)['id'], job)

    def test_stdin_and_files_go_in_byte_for_byte(self):
        body = bytes(range(256)) * 100
        path = self.file('body', body)
        self.run_cli('put', self.q, input=body)
        self.run_cli('put', self.q, '-', input=body)
        self.run_cli('put', self.q, '--file', path)
        self.run_cli('put', self.q, '--file', '-', input=body)
        self.assertEqual(self.bodies(), [body] * 4)

    def test_an_empty_body_is_one(self):
        self.run_cli('put', self.q, '')
        self.run_cli('put', self.q)
        self.assertEqual(self.bodies(), [b'', b''])

    def test_behind_two_dashes_a_dash_is_a_body(self):
        self.run_cli('put', self.q, '--', '-')
        self.run_cli('put', self.q, '--', '--json')
        self.assertEqual(self.bodies(), [b'-', b'--json'])

    def test_the_options_reach_the_job(self):
        job = self.ringq('put', self.q, 'x', '--pri', 3, '--ttr', '5s', '--tries', 7, '--backoff', 'linear:2s:1m',
                         '--jitter', 20, '-q').strip()
        shown = self.c.show(job)
        self.assertEqual({k: shown[k] for k in ('pri', 'ttr', 'tries', 'backoff_base', 'backoff_max', 'jitter')},
                         {'pri': 3, 'ttr': 5000, 'tries': 7, 'backoff_base': 2000, 'backoff_max': 60000, 'jitter': 20})
        self.assertEqual(shown['backoff'].lower(), b'linear')

    def test_delay_and_time_make_it_wait(self):
        for option, due in ((('--delay', '1h'), time.time() + 3600), (('--at', '2031-01-01T00:00:00Z'), 1924992000),
                            (('--at', '1924992000000'), 1924992000)):
            with self.subTest(option):
                told = json.loads(self.ringq('put', self.q, 'x', *option, '--json'))
                self.assertEqual(told['state'], 'delayed')
                self.assertAlmostEqual(int(self.c.show(told['id'])['due_at']) / 1000, due, delta=30)

    def test_json_names_everything(self):
        told = json.loads(self.ringq('put', self.q, 'x', '--json'))
        self.assertEqual(sorted(told), ['durability', 'id', 'queue', 'state'])
        self.assertEqual(told['queue'], self.q)

    def test_a_body_at_the_limit_goes_in_and_one_past_it_is_refused(self):
        self.run_cli('put', self.q, input=b'x' * BODY_MAX)
        self.assertIn(b'TOOBIG', self.run_cli('put', self.q, input=b'x' * (BODY_MAX + 1), code=2).stderr)
        self.assertEqual([len(b) for b in self.bodies()], [BODY_MAX])

    def test_a_bad_name_is_told(self):
        self.assertIn(b'BADARG', self.run_cli('put', 'no good', 'x', code=2).stderr)


class Lines(Cli):
    def test_every_line_is_a_job_in_order(self):
        lines = [f'line {i} of several thousand' for i in range(5000)]
        done = self.run_cli('put', self.q, '--lines', self.file('lines', '\n'.join(lines)))
        self.assertEqual(done.stdout, b'')
        self.assertIn(f'5,000 jobs put into {self.q} in '.encode(), done.stderr)
        self.assertEqual([b.decode() for b in self.bodies()], lines)

    def test_stdin_is_a_file_like_any_other(self):
        self.run_cli('put', self.q, '--lines', '-', input=b'a\n\nb\n')
        self.assertEqual(self.bodies(), [b'a', b'b'])

    def test_q_prints_ids_and_json_the_counts(self):
        path = self.file('lines', 'a\nb\nc\n')
        ids = self.ringq('put', self.q, '--lines', path, '-q').split()
        self.assertEqual(len(set(ids)), 3)
        self.assertEqual(self.c.show(ids[1])['size'], 1)
        told = json.loads(self.ringq('put', self.q, '--lines', path, '--json'))
        self.assertEqual((told['put'], told['rejected'], told['not_stored'], told['unknown'], told['queue']),
                         (3, 0, 0, 0, self.q))

    def test_the_options_reach_every_job(self):
        ids = self.ringq('put', self.q, '--lines', '-', '-q', '--pri', 3, '--backoff', 'fixed:7s', '--delay', '1h',
                         input=b'a\nb\n').split()
        for job in ids:
            shown = self.c.show(job)
            self.assertEqual((shown['pri'], shown['backoff_base'], shown['state']), (3, 7000, b'delayed'))

    def test_what_is_no_json_is_rejected_and_saved(self):
        bad = self.file('bad', '')
        path = self.file('jsonl', '{"a":1}\nnonsense\n[1,2]\n{"b":\n"text"')
        done = self.run_cli('put', self.q, '--jsonl', path, '--rejects', bad, code=2)
        self.assertIn(b':2: not JSON: ', done.stderr)
        self.assertIn(b':4: not JSON: ', done.stderr)
        self.assertIn(b'3 jobs put', done.stderr)
        self.assertIn(b'2 lines rejected', done.stderr)
        self.assertEqual(bad.read_bytes(), b'nonsense\n{"b":\n')
        self.assertEqual(self.bodies(), [b'{"a":1}', b'[1,2]', b'"text"'])

    def test_a_line_that_is_too_long_is_rejected_whole(self):
        fits, long = b'x' * BODY_MAX, b'y' * (BODY_MAX + 1)
        bad = self.file('bad', '')
        done = self.run_cli('put', self.q, '--lines', '-', '--rejects', bad, input=b'a\n' + long + b'\n' + fits + b'\nb',
                            code=2)
        self.assertIn(b':2: longer than the 1048576 bytes', done.stderr)
        self.assertEqual(bad.read_bytes(), long + b'\n')
        self.assertEqual([len(b) for b in self.bodies()], [1, BODY_MAX, 1])

    def test_many_rejected_lines_are_only_counted(self):
        done = self.run_cli('put', self.q, '--jsonl', '-', input=b'nonsense\n' * 1000, code=2)
        self.assertLess(len(done.stderr.splitlines()), 20)
        self.assertIn(b'1,000 lines rejected', done.stderr)

    def test_the_rejects_may_not_be_the_input(self):
        path = self.file('lines', 'a\n')
        self.assertIn(b'it is the input', self.run_cli('put', self.q, '--lines', path, '--rejects', path, code=2).stderr)
        self.assertEqual(path.read_bytes(), b'a\n')

    def test_lines_do_not_wait_for_more_lines(self):
        child = self.spawn('put', self.q, '--lines', '-', stdin=subprocess.PIPE)
        for i in range(3):
            child.stdin.write(b'line %d\n' % i)
            child.stdin.flush()
            job = self.c.get(self.q, 'BLOCK', 20000)
            self.assertEqual(job['body'], b'line %d' % i)
            self.c.done(job['lease'])
        child.communicate(timeout=ringqd.PATIENCE)
        self.assertEqual(child.returncode, 0)

    def test_a_file_that_is_not_there_is_told(self):
        self.assertIn(b'No such file', self.run_cli('put', self.q, '--lines', '/nonexistent', code=2).stderr)

    @unittest.skipIf(IS_SANITIZED, 'a sanitizer keeps memory for itself')
    def test_memory_does_not_grow_with_the_file(self):
        path = self.file('lines', ('x' * 999 + '\n') * 64000)  # 64 MB
        child = self.spawn('put', self.q, '--lines', path)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        self.assertLess(usage.ru_maxrss, 24 * 1024, 'KiB')
        self.assertEqual(int(self.c.call('QSIZE', self.q)), 64000)


class Get(Cli):
    def test_the_body_comes_byte_for_byte_and_is_finished(self):
        body = bytes(range(256))
        job = self.c.put(self.q, body)
        done = self.run_cli('get', self.q)
        self.assertEqual(done.stdout, body)
        self.assertEqual(done.stderr.decode(), f'{job}  {self.q}  attempt 1\n')
        self.assertEqual(self.c.stats(self.q)['total_done'], 1)

    def test_no_ack_gives_it_back_and_the_attempt_does_not_count(self):
        for body in 'abc':
            self.c.put(self.q, body)
        self.assertEqual(self.ringq('get', self.q, '--no-ack', '--count', 10, '--nowait'), 'a\nb\nc\n')
        job = self.c.get_now(self.q)
        self.assertEqual((job['body'], job['attempt']), (b'a', 1))

    def test_a_list_has_line_ends(self):
        for body in ('a', 'b', 'c'):
            self.c.put(self.q, body)
        self.assertEqual(self.ringq('get', self.q, '-n', 2), 'a\nb\n')
        self.assertEqual(self.ringq('get', self.q, '-n', 2), 'c\n')
        self.assertEqual(self.c.stats(self.q)['total_done'], 3)

    def test_a_long_list_comes_whole(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(300))
        self.assertEqual(self.ringq('get', self.q, '-n', 1000).split(), [str(i) for i in range(300)])
        self.assertEqual(self.c.stats(self.q)['unfinished'], 0)

    def test_json_has_text_or_base64(self):
        self.c.put(self.q, 'text "é"')
        self.c.put(self.q, b'\xff\x00')
        text, data = map(json.loads, self.ringq('get', self.q, '--json', '-n', 2).splitlines())
        self.assertEqual((text['body'], text['queue'], text['attempt'], text['ttr'], text['error']),
                         ('text "é"', self.q, 1, 60000, ''))
        self.assertEqual(base64.b64decode(data['body_base64']), b'\xff\x00')

    def test_it_waits_for_a_job(self):
        child = self.spawn('get', self.q, '-q')
        ringqd.wait_until(lambda: self.c.stats(self.q)['waiting_getters'] == 1, 'the GET')
        self.c.put(self.q, 'late')
        self.assertEqual(child.communicate(timeout=ringqd.PATIENCE), (b'late', b''))
        self.assertEqual(child.returncode, 0)

    def test_time_runs_out(self):
        self.run_cli('get', self.q, '--nowait', code=124)
        start = time.monotonic()
        self.run_cli('get', self.q, '--block', '100ms', code=124)
        self.assertGreater(time.monotonic() - start, 0.09)

    def test_the_first_queue_that_has_a_job_is_taken_from(self):
        self.c.put(f'{self.q}.low', 'low')
        self.c.put(f'{self.q}.high', 'high')
        self.assertEqual(self.ringq('get', f'{self.q}.high,{self.q}.low'), 'high')
        self.assertEqual(self.ringq('get', f'{self.q}.high,{self.q}.low'), 'low')

    def test_killed_in_the_middle_it_gives_the_job_back(self):
        self.c.put(self.q, b'x' * BODY_MAX)  # more than a pipe takes
        child = self.spawn('get', self.q)
        ringqd.wait_until(lambda: self.c.stats(self.q)['leased'] == 1, 'the lease')
        child.kill()
        ringqd.wait_until(lambda: self.c.stats(self.q)['ready'] == 1, 'the job to come back')


class WorkAndJoin(Cli):
    def test_join_returns_when_all_is_done(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(200))
        join = self.spawn('join', self.q, '--json')
        ringqd.wait_until(lambda: self.c.stats()['waiting_joiners'] >= 1, 'the JOIN')
        self.run_cli('work', self.q, '-j', 4, '--drain', '--', 'true')
        out, err = join.communicate(timeout=ringqd.PATIENCE)
        self.assertEqual(join.returncode, 0, err)
        self.assertEqual(json.loads(out), {'done': 200, 'dead': 0, 'expired': 0, 'cancelled': 0})

    def test_join_of_what_is_empty_returns_at_once(self):
        self.assertEqual(self.ringq('join', self.q), 'done\t0\ndead\t0\nexpired\t0\ncancelled\t0\n')

    def test_join_gives_up_in_time(self):
        self.c.put(self.q, 'x')
        self.assertIn(b'ringq work', self.run_cli('join', self.q, '--block', '50ms', code=124).stderr)

    def test_failures_are_tried_again_until_they_are_dead(self):
        job = self.ringq('put', self.q, 'x', '-q', '--tries', 3, '--backoff', 'fixed:1ms').strip()
        self.run_cli('work', self.q, '--max-jobs', 3, '--', 'sh', '-c', 'echo "no disk" >&2; exit 1')
        shown = self.c.show(job)
        self.assertEqual((shown['state'], shown['attempts'], shown['error']), (b'dead', 3, b'no disk'))

    def test_poison_is_dead_at_once(self):
        job = self.ringq('put', self.q, 'x', '-q').strip()
        self.run_cli('work', self.q, '--once', '--', 'sh', '-c', 'echo bad address >&2; exit 65')
        shown = self.c.show(job)
        self.assertEqual((shown['state'], shown['attempts'], shown['error']), (b'dead', 1, b'bad address'))

    def test_a_job_outlives_its_ttr_while_it_is_worked_on(self):
        self.run_cli('put', self.q, 'x', '--ttr', '1s')
        self.run_cli('work', self.q, '--once', '--', 'sleep', '2.5')
        stats = self.c.stats(self.q)
        self.assertEqual((stats['total_done'], stats['total_redelivered']), (1, 0))

    def test_a_killed_worker_gives_its_job_back(self):
        self.c.put(self.q, 'x')
        worker = self.spawn('work', self.q, '--', 'sleep', '60')
        ringqd.wait_until(lambda: self.c.stats(self.q)['leased'] == 1, 'the lease')
        worker.kill()
        self.run_cli('work', self.q, '--once', '--', 'true')
        self.assertEqual(self.c.stats(self.q)['total_done'], 1)

    def test_sigterm_leaves_nothing_leased(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(50))
        worker = self.spawn('work', self.q, '-j', 4, '--', 'sleep', '0.05')
        ringqd.wait_until(lambda: self.c.stats(self.q)['total_done'] >= 4, 'some work')
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
        stats = self.c.stats(self.q)
        self.assertEqual((stats['leased'], stats['ready'] + stats['total_done'], stats['total_redelivered']), (0, 50, 0))


class Restart(ringqd.Test):
    """The server goes away and comes back while commands wait."""

    durability = 'everysec'

    def test_work_and_join_go_on_after_a_restart(self):
        server = self.start('--listen', f'127.0.0.1:{(port := ringqd.free_port())}')
        env = ringqd.environment(RINGQ_URL=f'ringq://127.0.0.1:{port}')

        def spawn(*args):
            child = subprocess.Popen([ringqd.RINGQ, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, preexec_fn=ringqd.die_with_the_test)
            self.addCleanup(child.communicate)
            self.addCleanup(child.kill)
            return child
        with server.client() as c:
            c.pipeline(('PUT', 'q', i) for i in range(100))
        worker = spawn('work', 'q', '-j', '4', '--', 'sleep', '0.02')
        join = spawn('join', 'q')
        with server.client() as c:
            ringqd.wait_until(lambda: c.stats('q')['total_done'] > 10, 'some work')
        server.restart()
        self.assertEqual(join.wait(ringqd.PATIENCE), 0, 'join')
        with server.client() as c:
            self.assertEqual(c.stats('q')['unfinished'], 0)
        worker.terminate()
        self.assertEqual(worker.wait(ringqd.PATIENCE), 0, 'work')

    def test_a_program_goes_on_while_the_server_crashes_if_its_lease_is_kept(self):
        server = self.start()
        env = ringqd.environment(RINGQ_URL=f'unix:{server.unix_path}')
        go = self.directory / 'go'
        wait = 'while [ ! -e "$0" ]; do sleep 0.05; done'
        worker = subprocess.Popen([ringqd.RINGQ, 'work', 'q', '--name', 'w', '--keep-leases', '--max-jobs', '1', '--',
                                   'sh', '-c', wait, go], env=env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  preexec_fn=ringqd.die_with_the_test)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        with server.client() as c:
            c.put('q', 'x')
            ringqd.wait_until(lambda: c.stats('q')['leased'] == 1, 'the lease')
            c.put('settled', 'x')  # and all before it is in the log
        server.kill()
        server.start()
        go.touch()
        self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
        with server.client() as c:
            stats = c.stats('q')
            self.assertEqual((stats['total_done'], stats['total_redelivered'], stats['unfinished']), (1, 0, 0))

    def test_keep_leases_wants_a_name(self):
        run = subprocess.run([ringqd.RINGQ, 'work', 'q', '--keep-leases', '--', 'true'], capture_output=True, text=True,
                             check=False)
        self.assertEqual(run.returncode, 2)
        self.assertIn('--name', run.stderr)


class Look(Cli):
    def test_stats_are_names_and_values(self):
        self.c.put(self.q, 'x')
        rows = dict(line.split('\t') for line in self.ringq('stats', self.q).splitlines())
        self.assertEqual((rows['queue'], rows['ready'], rows['total_put']), (self.q, '1', '1'))
        told = json.loads(self.ringq('stats', self.q, '--json'))
        self.assertEqual((told['queue'], told['ready']), (self.q, 1))
        self.assertIn('uptime_ms', dict(line.split('\t') for line in self.ringq('stats').splitlines()))
        self.assertIn('uptime_ms', json.loads(self.ringq('stats', '--json')))

    def test_a_watch_prints_again_and_again(self):
        child = self.spawn('stats', self.q, '--watch=50ms', '--json')
        samples = [json.loads(child.stdout.readline()) for _ in range(3)]
        self.assertEqual([s['queue'] for s in samples], [self.q] * 3)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(ringqd.PATIENCE), -signal.SIGINT)

    def test_the_first_line_of_a_watch_comes_at_once(self):
        start = time.monotonic()
        done = subprocess.run(['bash', '-c', '"$0" stats --watch | head -1', ringqd.RINGQ], env=self.env(),
                              capture_output=True, text=True, timeout=ringqd.PATIENCE, check=False)
        self.assertRegex(done.stdout, r'^\w+\t.*\n$')
        self.assertEqual(done.stderr, '')
        self.assertLess(time.monotonic() - start, 20 if IS_SANITIZED else 5)

    def test_queues_are_sorted_and_counted(self):
        for name in ('b', 'c', 'a'):
            self.c.put(f'{self.q}.{name}', 'x')
        rows = [line.split('\t') for line in self.ringq('queues', f'{self.q}.*').splitlines()]
        self.assertEqual([(r[0], r[1]) for r in rows], [(f'{self.q}.{n}', '1') for n in 'abc'])
        names = [f'{self.q}.{n}' for n in 'abc']
        self.assertEqual(self.ringq('queues', f'{self.q}.*', '-q').split(), names)
        told = [json.loads(line) for line in self.ringq('queues', f'{self.q}.*', '--json').splitlines()]
        self.assertEqual([(t['queue'], t['ready'], t['unfinished']) for t in told], [(n, 1, 1) for n in names])
        self.assertEqual(self.ringq('queues', f'{self.q}.none'), '')

    def test_show_tells_about_one_job(self):
        job = self.c.put(self.q, 'two\nlines')
        rows = dict(line.split('\t') for line in self.ringq('show', job).splitlines())
        self.assertEqual((rows['id'], rows['queue'], rows['state'], rows['size']), (job, self.q, 'ready', '9'))
        self.assertNotIn('body', rows)
        head, _, body = self.ringq('show', job, '--body').partition('\n\n')
        self.assertEqual(body, 'two\nlines')
        self.assertIn(f'id\t{job}\n', head)
        self.assertEqual(json.loads(self.ringq('show', job, '--body', '--json'))['body'], 'two\nlines')

    def test_show_of_a_job_that_is_done_or_never_was(self):
        job = self.c.put(self.q, 'x')
        self.c.done(self.c.get_now(self.q)['lease'])
        self.run_cli('show', job, code=3)
        self.run_cli('show', '1-999999999', code=3)
        self.run_cli('show', 'nonsense', code=2)

    def test_ping_says_who_answers(self):
        self.assertRegex(self.ringq('ping'), r'^PONG \S+ \w+  ringq \d+\.\d+\.\d+, redis\n$')
        told = json.loads(self.ringq('ping', '--json'))
        self.assertEqual((told['server'], told['durability']), ('ringq', 'redis'))
        self.assertEqual(self.ringq('ping', '-q', '--wait', '1s'), '')

    def test_a_unix_socket_is_as_good(self):
        self.ringq('--server', f'unix:{self.server.unix_path}', 'ping')


class Demo(Cli):
    def test_it_leaves_nothing_stuck_and_may_be_repeated(self):
        seconds = []
        for times in (1, 2):
            start = time.monotonic()
            out = self.ringq('demo')
            seconds.append(time.monotonic() - start)
            self.assertIn('20 jobs', out)
            self.assertIn('19 done, 1 dead, none unfinished', out)
            self.assertIn('ringq work', out)
            for queue, done, dead in (('sums', 12, 0), ('flaky', 4, 0), ('later', 3, 0), ('poison', 0, 1)):
                stats = self.c.stats(f'demo.{queue}')
                self.assertEqual((stats['unfinished'], stats['total_done'], stats['dead']),
                                 (0, done * times, dead * times), queue)
        if not (IS_SANITIZED or ringqd.IS_SANITIZED):
            self.assertLess(min(seconds), 3)

    def test_what_an_interrupted_demo_left_is_cleared_away(self):
        self.c.put('demo.sums', 'left over')
        self.c.put('demo.flaky', 'left over')
        self.ringq('demo')
        for queue in ('sums', 'flaky', 'later', 'poison'):
            self.assertEqual(self.c.stats(f'demo.{queue}')['unfinished'], 0)


class Terminal(Cli):
    """What a person sees."""

    def on_terminal(self, *args, wait_for=None, **env):
        """All that appears on a terminal of 100 columns."""
        child, fd = pty.fork()
        if child == 0:
            os.execve(ringqd.RINGQ, [ringqd.RINGQ, *map(str, args)],
                      {**self.env(), 'TERM': 'xterm', 'LANG': 'C.UTF-8', **env})
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))
        seen, end = b'', time.monotonic() + ringqd.PATIENCE
        while time.monotonic() < end:
            try:
                if select.select([fd], [], [], 1)[0]:
                    data = os.read(fd, 65536)
                    seen += data
            except OSError:
                break  # it has ended
            if wait_for and re.search(wait_for, seen):
                os.kill(child, signal.SIGINT)
                wait_for = None
        os.close(fd)
        _, status = os.waitpid(child, 0)
        return seen.decode().replace('\r\n', '\n'), os.waitstatus_to_exitcode(status)

    def test_tables_are_aligned_and_have_titles(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(1204))
        seen, code = self.on_terminal('queues', self.q)
        self.assertEqual(code, 0)
        title, row = seen.splitlines()
        self.assertEqual(title.split()[:3], ['queue', 'ready', 'delayed'])
        self.assertEqual(row.split()[1], '1,204')
        self.assertEqual(title.index('ready') + 5, row.index('1,204') + 5)

    def test_a_body_gets_its_line_end(self):
        self.c.put(self.q, 'hello')
        seen, _ = self.on_terminal('get', self.q, '-q')
        self.assertEqual(seen, 'hello\n')

    def test_a_put_without_a_body_does_not_wait_for_typing(self):
        seen, code = self.on_terminal('put', self.q)
        self.assertEqual(code, 2)
        self.assertIn(f'ringq put {self.q} hello', seen)

    def test_a_long_transfer_shows_how_far_it_is(self):
        fifo = pathlib.Path(self.directory) / f'{self.q}.fifo'
        os.mkfifo(fifo)
        writer = subprocess.Popen([sys.executable, '-c',
                                   'import sys, time\nwith open(sys.argv[1], "w") as f:\n'
                                   ' for i in range(40): print(i, file=f, flush=True); time.sleep(0.03)', fifo])
        self.addCleanup(writer.wait)
        seen, code = self.on_terminal('put', self.q, '--lines', fifo)
        self.assertEqual(code, 0)
        self.assertRegex(seen, r'\r\x1b\[K\d+ jobs  \d+/s')
        self.assertTrue(seen.rstrip('\n').split('\r\x1b[K')[-1].startswith(f'40 jobs put into {self.q}'), seen)

    def test_a_short_transfer_shows_no_bar(self):
        seen, _ = self.on_terminal('put', self.q, '--lines', self.file('lines', 'a\nb\n'))
        self.assertNotIn('\x1b', seen)

    def test_work_tells_the_end_of_each_job(self):
        self.c.put(self.q, 'x')
        seen, code = self.on_terminal('work', self.q, '--once', '--', 'true')
        self.assertEqual(code, 0)
        self.assertIn('✔', seen)
        self.assertIn('1 done, 0 failed', seen)

    def test_colours_can_be_refused(self):
        for env in ({'NO_COLOR': '1'}, {'TERM': 'dumb'}):
            with self.subTest(env):
                self.c.put(self.q, 'x')
                seen, _ = self.on_terminal('work', self.q, '--once', '--', 'true', **env)
                self.assertNotIn('\x1b', seen)
        self.c.put(self.q, 'x')
        self.assertIn('\x1b[32m', self.on_terminal('work', self.q, '--once', '--', 'true')[0])

    def test_without_utf8_marks_are_words(self):
        self.c.put(self.q, 'x')
        seen, _ = self.on_terminal('work', self.q, '--once', '--', 'true', LANG='C', NO_COLOR='1')
        self.assertIn('ok', seen)
        self.assertTrue(seen.isascii(), seen)

    def test_a_watch_ends_with_control_c(self):
        seen, code = self.on_terminal('stats', self.q, '--watch=50ms', wait_for=rb'(?s)\x1b\[H.*\x1b\[H')
        self.assertEqual(code, -signal.SIGINT)
        self.assertIn('wait_p50_us', seen)


class Documents(Cli):
    """The man page and the completion know what the program knows."""

    def words(self, *command):
        return self.ringq('help', '--words', *command).split()

    def test_the_man_page_names_every_command_and_option(self):
        page = (ringqd.ROOT / 'docs/man/ringq.1.scd').read_text()
        for command in (w for w in self.words() if not w.startswith('-')):
            section = re.search(rf'^## {command}\b(.*?)(?=^#)', page, re.M | re.S)
            self.assertTrue(section, command)
            shared = page[:page.index('# COMMANDS')]
            for option in self.words(command):
                with self.subTest(command=command, option=option):
                    self.assertIn(f'*{option}*', section[1] + shared)

    def test_the_man_page_names_every_exit_code(self):
        page = (ringqd.ROOT / 'docs/man/ringq.1.scd').read_text()
        for line in self.ringq('errors').partition('\n\n')[0].splitlines():
            code, meaning = line.split('\t')
            self.assertIn(f'|  {code}\n:  {meaning}\n', page)
        for row in map(json.loads, self.ringq('errors', '--json').splitlines()):
            self.assertRegex(page, rf'(?m)^\|  {row["exit"]}\n:.*\n:.*\b{row["code"]}\b')

    def complete(self, *words):
        script = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
                 '_ringq "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(['bash', '-c', script, ringqd.ROOT / 'deploy/completion/ringq.bash', ringqd.RINGQ, *words],
                              env=self.env(), capture_output=True, text=True, timeout=ringqd.PATIENCE, check=False)
        self.assertEqual(done.stderr, '')
        return done.stdout.split()

    def test_completion_knows_commands_options_and_queues(self):
        self.c.put(f'{self.q}-one', 'x')
        self.c.put(f'{self.q}-two', 'x')
        self.assertEqual(self.complete('wo'), ['work'])
        self.assertEqual(self.complete('put', 'q', '--de'), ['--delay'])
        self.assertEqual(self.complete('-s', 'x', 'ge'), ['get'])
        self.assertEqual(self.complete('errors', 'ST'), ['STALE', 'STORE'])
        self.assertEqual(self.complete('help', 'er'), ['errors'])
        self.assertEqual(self.complete('dead', ''), ['list', 'retry', 'purge'])
        self.assertEqual(self.complete('queue', ''), ['set'])
        self.assertEqual(self.complete('peek', 'q', '--state', 'de'), ['delayed', 'dead'])
        self.assertEqual(self.complete('put', 'q', '--delay', ''), [])
        if not IS_SANITIZED:  # 200 ms are few for a sanitizer
            self.assertEqual(self.complete('join', f'{self.q}-o'), [f'{self.q}-one'])
            self.assertEqual(self.complete('get', f'x,{self.q}-t'), [f'x,{self.q}-two'])
            self.assertEqual(self.complete('dead', 'retry', f'{self.q}-t'), [f'{self.q}-two'])


if __name__ == '__main__':
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main()
