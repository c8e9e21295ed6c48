#!/usr/bin/env python3
"""cli_batch_test - ringq batch and ringq put --batch: jobs that end together, from a shell.

SPDX-License-Identifier: MIT
"""
import json
import os
import pathlib
import pty
import select
import subprocess
import threading
import time

import ringqd


class Batch(ringqd.SharedTest):
    def env(self):
        return ringqd.environment(RINGQ_URL=self.server.url)

    def run_cli(self, *args, code=0, **run):
        run.setdefault('stdin', subprocess.DEVNULL if 'input' not in run else None)
        done = subprocess.run([ringqd.RINGQ, *map(str, args)], env=self.env(), capture_output=True, check=False, text=True,
                              timeout=ringqd.PATIENCE, **run)
        self.assertEqual(done.returncode, code, f'{args}: {done.stdout!r} {done.stderr!r}')
        return done

    def ringq(self, *args, **run):
        return self.run_cli(*args, **run).stdout.strip()

    def work(self, *verdicts):
        """Ends jobs on a thread, as they come: the words behind the lease of DONE, or of FAIL."""
        def end():
            with self.server.client() as c:
                for verdict in verdicts:
                    lease = c.get(self.q)['lease']
                    c.call(*(('DONE', lease) if verdict == 'done' else ('FAIL', lease, 'DEAD')))
        thread = threading.Thread(target=end)
        thread.start()
        self.addCleanup(thread.join)

    def rows(self, text):
        return {name: int(count) for name, count in (line.split('\t') for line in text.splitlines())}

    def lines(self, count):
        path = pathlib.Path(self.directory) / f'{self.q}.txt'
        path.write_text(''.join(f'line {i}\n' for i in range(count)))
        return path

    def test_new_put_close_and_join(self):
        batch = self.ringq('batch', 'new')
        self.assertRegex(batch, r'^\d+-\d+$')
        self.ringq('put', self.q, 'a', '--batch', batch)
        self.assertEqual(json.loads(self.ringq('show', batch, '--json'))['state'], 'open')
        self.ringq('batch', 'close', batch)
        self.run_cli('batch', 'join', batch, '--block', '50ms', code=124)
        self.work('done')
        self.assertEqual(self.rows(self.ringq('batch', 'join', batch)),
                         {'done': 1, 'dead': 0, 'expired': 0, 'cancelled': 0})
        self.assertEqual(json.loads(self.ringq('batch', 'join', batch, '--json'))['done'], 1)

    def test_join_exits_with_1_when_a_job_is_not_done(self):
        batch = self.ringq('batch', 'new')
        self.ringq('put', self.q, 'a', '--batch', batch)
        self.ringq('batch', 'close', batch)
        self.work('dead')
        self.assertEqual(self.rows(self.ringq('batch', 'join', batch, code=1))['dead'], 1)

    def test_a_batch_that_is_not_known_or_closed_is_told(self):
        self.run_cli('batch', 'join', '1-999999', code=3)
        self.run_cli('batch', 'close', '1-999999', code=3)
        self.run_cli('put', self.q, 'x', '--batch', '1-999999', code=3)
        batch = self.ringq('batch', 'new', '--keep', '1h')
        self.ringq('batch', 'close', batch)
        self.assertIn('closed', self.run_cli('put', self.q, 'x', '--batch', batch, code=2).stderr)

    def test_run_puts_all_lines_and_waits_for_them(self):
        self.work(*['done'] * 300)
        done = self.run_cli('batch', 'run', self.q, '--lines', self.lines(300))
        self.assertEqual(self.rows(done.stdout), {'done': 300, 'dead': 0, 'expired': 0, 'cancelled': 0})
        self.assertRegex(done.stderr, r'^batch \d+-\d+\n300 jobs put into')

    def test_run_reads_stdin_and_says_when_one_has_died(self):
        self.work('done', 'dead')
        done = self.run_cli('batch', 'run', self.q, '--lines', '-', '--tries', '1', code=1, input='a\n\nb\n')
        self.assertEqual(self.rows(done.stdout), {'done': 1, 'dead': 1, 'expired': 0, 'cancelled': 0})

    def test_run_of_no_lines_is_over_at_once(self):
        self.assertEqual(self.rows(self.ringq('batch', 'run', self.q, '--lines', '/dev/null'))['done'], 0)

    def test_run_with_a_line_that_is_refused_does_not_wait(self):
        done = self.run_cli('batch', 'run', self.q, '--jsonl', '-', code=2, input='{}\nnonsense\n')
        batch = done.stderr.split()[1]
        self.assertIn(f'ringq batch join {batch}', done.stderr)
        self.assertEqual(self.c.show(batch)['state'], b'closed')
        self.assertEqual(self.c.show(batch)['unfinished'], 1)

    def test_run_gives_up_waiting_after_its_block(self):
        done = self.run_cli('batch', 'run', self.q, '--lines', self.lines(1), '--block', '50ms', code=124)
        self.assertIn('batch join', done.stderr)

    def test_what_makes_no_sense_is_refused(self):
        for words in (['open'], ['new', 'x'], ['close'], ['join'], ['run', 'q'], ['join', '7-1', '--lines', 'f'],
                      ['run', 'q', '--lines', 'f', '--jsonl', 'f']):
            self.run_cli('batch', *words, code=2)
        self.run_cli('put', 'q', 'x', '--unique', 'k', '--replace', '--batch', '7-1', code=2)

    def test_a_person_sees_how_far_it_is(self):
        batch = self.ringq('batch', 'new')
        for _ in range(4):
            self.c.put(self.q, 'x', 'BATCH', batch)
        self.ringq('batch', 'close', batch)
        self.c.call('DONE', self.c.get(self.q)['lease'])
        child, fd = pty.fork()
        if child == 0:
            os.execve(ringqd.RINGQ, [ringqd.RINGQ, 'batch', 'join', batch],
                      {**self.env(), 'TERM': 'xterm', 'LANG': 'C.UTF-8'})
        seen, end, worked = b'', time.monotonic() + ringqd.PATIENCE, False
        while time.monotonic() < end:
            try:
                if select.select([fd], [], [], 1)[0]:
                    seen += os.read(fd, 65536)
            except OSError:
                break  # it has ended
            if b'25%' in seen and not worked:
                worked = True
                self.work('done', 'done', 'done')
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertIn('25%', seen.decode())


class Restart(ringqd.Test):
    def test_a_join_outlives_a_restart_of_the_server(self):
        server = self.start()
        batch = server.ringq('batch', 'new').stdout.strip()
        server.ringq('put', 'q', 'x', '--batch', batch)
        server.ringq('batch', 'close', batch)
        # The port is another one after a restart, the path is not.
        child = subprocess.Popen([ringqd.RINGQ, '--server', f'unix:{server.unix_path}', 'batch', 'join', batch],
                                 env=ringqd.environment(), text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                 preexec_fn=ringqd.die_with_the_test)
        with server.client() as c:
            ringqd.wait_until(lambda: c.stats()['waiting_joiners'] == 1, 'the JOIN waits')
        server.restart()
        with server.client() as c:
            c.done(c.get('q')['lease'])
        out, _ = child.communicate(timeout=ringqd.PATIENCE)
        self.assertEqual((child.returncode, out.splitlines()[0]), (0, 'done\t1'))


if __name__ == '__main__':
    ringqd.main()
