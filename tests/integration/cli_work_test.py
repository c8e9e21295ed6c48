#!/usr/bin/env python3
"""cli_work_test - `ringq work`: what a program gets, and what becomes of its end.

A scripted server hands out the jobs and records what is said of them.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import ringqd
import scripted
from scripted import Scripted, error, number, simple, value

KIB = 1024


class Jobs(Scripted):
    """Hands out one job per body, then none."""

    def __init__(self, *bodies, queue='q', ttr=60000, **answers):
        self.lock = threading.Lock()
        self.bodies = [(f'7-{i}', body) for i, body in enumerate(bodies, 1)]
        self.queue, self.ttr = queue, ttr
        super().__init__(**{'GET': self._get, 'DONE': number(1), 'FAIL': value(['delayed', 1900000000000]),
                            'RELEASE': simple('OK'), 'TOUCH': self._touch, **answers})

    def _get(self, words):
        count = int(words[words.index('COUNT') + 1]) if 'COUNT' in words else 1
        with self.lock:
            jobs, self.bodies = self.bodies[:count], self.bodies[count:]
        if not jobs:
            time.sleep(0.02)
            return value(None)
        return value([self.job(*job) for job in jobs])

    def job(self, name, body):
        return {'id': name, 'lease': f'{name}:1', 'queue': self.queue, 'body': body, 'attempt': 2, 'ttr': self.ttr,
                'error': 'before'}

    @staticmethod
    def _touch(words):
        leases = [w for w in words[1:] if '-' in w]
        return value([[lease, 1900000000000] for lease in leases])


class Work(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='ringq-'))
        self.addCleanup(subprocess.run, ['rm', '-rf', self.directory], check=False)

    def start(self, server, *args, **popen):
        env = ringqd.environment(**{'RINGQ_URL': server.url, **popen.pop('env', {})})
        child = subprocess.Popen([ringqd.RINGQ, 'work', 'q', *map(str, args)], env=env, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 preexec_fn=ringqd.die_with_the_test, **popen)

        def end():
            if child.poll() is None:
                child.kill()
            child.stdout.close()
            child.stderr.close()
            child.wait()
        self.addCleanup(end)
        return child

    def work(self, server, *args, code=0, **popen):
        """Runs it to its end: (stdout, stderr)."""
        child = self.start(server, *args, **popen)
        out, err = child.communicate(timeout=ringqd.PATIENCE)
        self.assertEqual(child.returncode, code, err)
        return out, err

    def end_of(self, script, body='x', *options, **answers):
        """The command that ends the one job whose program is `script`."""
        with Jobs(body, **answers) as s:
            self.work(s, '--once', *options, '--', 'sh', '-c', script)
            ends = [c for verb in ('DONE', 'FAIL', 'RELEASE') for c in s.named(verb)]
            self.assertEqual(len(ends), 1, ends)
            return ends[0]


class Contract(Work):
    def test_the_body_is_on_stdin_byte_for_byte(self):
        for body in (b'hello', b'', b'two\nlines\n', bytes(range(256))):
            with self.subTest(body), Jobs(body) as s:
                self.work(s, '--once', '--', 'sh', '-c', 'cat > "$0"', self.directory / 'body')
                self.assertEqual((self.directory / 'body').read_bytes(), body)

    def test_the_environment_names_the_job(self):
        end = self.end_of('printf %s "$RINGQ_JOB_ID $RINGQ_LEASE $RINGQ_QUEUE $RINGQ_ATTEMPT"')
        self.assertEqual(end, ['DONE', '7-1:1', 'RESULT', '7-1 7-1:1 q 2'])

    def test_the_server_is_passed_on(self):
        with Jobs('x') as s:
            self.work(s, '--server', s.url, '--once', '--', 'sh', '-c', 'printf %s "$RINGQ_URL"',
                      env={'RINGQ_URL': 'ringq://127.0.0.1:1'})
            self.assertEqual(s.named('DONE'), [['DONE', '7-1:1', 'RESULT', s.url]])

    def test_exit_0_is_done_and_stdout_the_result(self):
        self.assertEqual(self.end_of('echo out; echo err >&2'), ['DONE', '7-1:1', 'RESULT', 'out\n'])
        self.assertEqual(self.end_of('true'), ['DONE', '7-1:1'])

    def test_any_other_exit_fails_with_the_last_line_of_stderr(self):
        end = self.end_of('echo first >&2; echo "no disk" >&2; echo >&2; exit 3')
        self.assertEqual(end, ['FAIL', '7-1:1', 'ERROR', 'no disk'])
        self.assertEqual(self.end_of('exit 75'), ['FAIL', '7-1:1', 'ERROR', 'exit status 75'])

    def test_exit_65_and_100_are_poison(self):
        for code in (65, 100):
            with self.subTest(code):
                end = self.end_of(f'echo no such user >&2; exit {code}')
                self.assertEqual(end, ['FAIL', '7-1:1', 'ERROR', 'no such user', 'DEAD'])

    def test_exit_99_gives_back(self):
        self.assertEqual(self.end_of('exit 99')[:2], ['RELEASE', '7-1:1'])

    def test_death_by_a_signal_names_it(self):
        self.assertEqual(self.end_of('kill -SEGV $$')[:3], ['FAIL', '7-1:1', 'ERROR'])
        self.assertIn('SIGSEGV', self.end_of('ulimit -c 0; kill -SEGV $$')[3])
        self.assertIn('SIGKILL', self.end_of('kill -KILL $$')[3])

    def test_a_result_is_cut_at_64_kib_and_that_is_said(self):
        for size, cut in ((64 * KIB, False), (64 * KIB + 1, True)):
            with self.subTest(size), Jobs('x') as s:
                _, err = self.work(s, '--once', '--', 'head', '-c', size, '/dev/zero')
                self.assertEqual(len(s.named('DONE')[0][3]), 64 * KIB)
                self.assertEqual('cut to 64 KiB' in err, cut, err)

    def test_large_bodies_pass_both_ways(self):
        body = os.urandom(900 * KIB)
        with Jobs(body) as s:
            self.work(s, '--once', '--', 'sh', '-c', 'tee "$0"', self.directory / 'body')
            self.assertEqual((self.directory / 'body').read_bytes(), body)

    def test_a_program_need_not_read_its_input(self):
        self.assertEqual(self.end_of('exec <&-; echo ok', os.urandom(900 * KIB)), ['DONE', '7-1:1', 'RESULT', 'ok\n'])

    def test_the_time_limit_is_told(self):
        self.assertEqual(self.end_of('sleep 30', 'x', '--timeout', '100ms'),
                         ['FAIL', '7-1:1', 'ERROR', 'ran longer than 100 ms'])

    def test_after_the_grace_it_is_killed(self):
        start = time.monotonic()
        end = self.end_of('trap "" TERM; while :; do sleep 0.05; done', 'x', '--timeout', '100ms', '--grace', '100ms')
        self.assertEqual(end[3], 'ran longer than 100 ms')
        self.assertLess(time.monotonic() - start, 20)

    def test_a_program_that_is_not_there_is_told_before_a_job_is_taken(self):
        with Jobs('x') as s:
            _, err = self.work(s, '--', 'no-such-program', code=2)
            self.assertIn("cannot run 'no-such-program'", err)
            self.assertEqual(s.named('GET'), [])

    def test_a_program_that_vanishes_fails_the_job(self):
        program = self.directory / 'program'
        program.write_text('#!/nonexistent/interpreter\n')
        program.chmod(0o755)
        with Jobs('x') as s:
            self.work(s, '--once', '--', program)
            self.assertIn('cannot run', s.named('FAIL')[0][3])

    def test_words_behind_the_dashes_are_the_programs_own(self):
        with Jobs('x') as s:
            self.work(s, '--once', '--', 'sh', '-c', 'printf "%s," "$@"', 'sh', '--once', '-j', 'a b', '--')
            self.assertEqual(s.named('DONE')[0][3], '--once,-j,a b,--,')


class Ends(Work):
    def test_drain_ends_when_there_is_no_job(self):
        with Jobs(*'abcde') as s:
            self.work(s, '--drain', '--', 'cat')
            self.assertEqual(sorted(c[3] for c in s.named('DONE')), list('abcde'))

    def test_max_jobs_ends_after_as_many(self):
        with Jobs(*'abcde') as s:
            self.work(s, '--max-jobs', 3, '--', 'true')
            self.assertEqual(len(s.named('DONE')), 3)
            self.assertEqual(len(s.bodies), 2, 'no more are taken than worked on')

    def test_slots_work_at_the_same_time(self):
        """Each waits until all four are there."""
        script = f'touch {self.directory}/$RINGQ_JOB_ID; while [ "$(ls {self.directory} | wc -l)" -lt 4 ]; do sleep 0.02; done'
        with Jobs(*'abcd') as s:
            self.work(s, '-j', 4, '--max-jobs', 4, '--', 'sh', '-c', script)
            self.assertEqual(len(s.named('DONE')), 4)

    def busy(self, server, *args):
        """A worker in the middle of a job that ends when the file `go` is there."""
        script = f'echo $$ > {self.directory}/pid.new; mv {self.directory}/pid.new {self.directory}/pid; ' \
                 f'while [ ! -e {self.directory}/go ]; do sleep 0.02; done'
        worker = self.start(server, *args, '--', 'sh', '-c', script)
        ringqd.wait_until((self.directory / 'pid').exists, 'the program to run')
        return worker, int((self.directory / 'pid').read_text())

    def test_sigterm_and_sigint_finish_the_job_in_hand(self):
        for number_ in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number_), Jobs('a', 'b') as s:
                for name in ('pid', 'go'):
                    (self.directory / name).unlink(missing_ok=True)
                worker, _ = self.busy(s)
                worker.send_signal(number_)
                time.sleep(0.1)
                self.assertIsNone(worker.poll())
                (self.directory / 'go').touch()
                self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
                self.assertEqual(len(s.named('DONE')), 1)
                self.assertEqual(len(s.bodies), 1, 'no more jobs are taken')

    def test_the_second_signal_gives_the_job_back(self):
        with Jobs('a') as s:
            worker, pid = self.busy(s)
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            worker.send_signal(signal.SIGTERM)
            self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
            self.assertEqual(s.named('DONE') + s.named('FAIL'), [])
            self.assertEqual([c[1] for c in s.named('RELEASE')], ['7-1:1'])
            self.assertFalse(ringqd.is_alive(pid))

    def test_a_killed_worker_takes_its_program_with_it(self):
        with Jobs('a') as s:
            worker, pid = self.busy(s)
            worker.kill()
            ringqd.wait_until(lambda: not ringqd.is_alive(pid), 'the program to die')

    def test_a_lost_lease_ends_the_program(self):
        with Jobs('a', ttr=1000, TOUCH=error('STALE 7-1:1 is no longer yours')) as s:
            worker, pid = self.busy(s, '--once')
            ringqd.wait_until(lambda: not ringqd.is_alive(pid), 'the program to die')
            self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
            self.assertEqual(s.named('DONE'), [])

    def test_leases_are_renewed_while_the_program_runs(self):
        with Jobs('a', ttr=1000) as s:
            worker, _ = self.busy(s, '--once')
            ringqd.wait_until(lambda: len(s.named('TOUCH')) >= 3, 'three heartbeats')
            (self.directory / 'go').touch()
            self.assertEqual(worker.wait(ringqd.PATIENCE), 0)
            self.assertEqual(len(s.named('DONE')), 1)

    def test_ttr_is_asked_for(self):
        with Jobs('a') as s:
            self.work(s, '--once', '--ttr', '5s', '--', 'true')
            words = s.named('GET')[0]
            self.assertEqual(words[words.index('TTR') + 1], '5000')

    def test_a_server_that_stays_away_ends_it_with_69(self):
        with Jobs() as s:
            worker = self.start(s, '--reconnect', '200ms', '--', 'true')
            ringqd.wait_until(lambda: s.named('GET'), 'the first GET')
        self.assertEqual(worker.wait(ringqd.PATIENCE), 69)


class Talk(Work):
    def test_it_is_silent_in_a_pipe(self):
        with Jobs('a', 'b') as s:
            self.assertEqual(self.work(s, '--drain', '--', 'sh', '-c', 'echo out; echo err >&2'), ('', ''))

    def test_v_tells_the_end_of_each_job(self):
        with Jobs('0', '1', '65', '99') as s:
            _, err = self.work(s, '--max-jobs', 4, '-v', '--', 'sh', '-c', 'read -r c; echo why >&2; exit $c')
        lines = err.splitlines()
        self.assertEqual(lines[-1], '1 done, 1 failed, 1 dead, 1 given back')
        for want in ('7-1  q  attempt 2', '7-2  q  attempt 2  failed: why', '7-3  q  attempt 2  dead: why',
                     '7-4  q  attempt 2  given back'):
            self.assertTrue(any(want in line for line in lines), f'{want!r} in {err}')

    def test_show_prefixes_what_the_programs_print(self):
        with Jobs('a') as s:
            out, err = self.work(s, '--once', '--show', '--', 'sh', '-c', 'echo one; echo two; printf three >&2')
        self.assertEqual(out, '7-1 | one\n7-1 | two\n')
        self.assertEqual(err, '7-1 | three\n')

    def test_an_end_that_is_refused_is_told(self):
        with Jobs('a', DONE=error('STALE 7-1:1 is no longer yours; COUNT 0')) as s:
            _, err = self.work(s, '--once', '--', 'true')
        self.assertIn('7-1: not settled: STALE', err)

    def test_error_texts_cannot_steer_the_terminal(self):
        with Jobs('a') as s:
            _, err = self.work(s, '--once', '-v', '--', 'sh', '-c', r'printf "\033[2Jgone\n" >&2; exit 1')
        self.assertIn('\\x1b[2Jgone', err)
        self.assertNotIn('\x1b', err)


if __name__ == '__main__':
    unittest.main()
