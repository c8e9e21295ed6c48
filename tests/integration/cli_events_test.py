#!/usr/bin/env python3
"""cli_events_test - `ringq events`: what becomes of jobs, live.

SPDX-License-Identifier: MIT
"""
import json
import select
import signal
import subprocess

import ringqd


class Events(ringqd.Test):
    durability = 'fsync'

    def listen(self, server, *args):
        """It listens when the server has counted its EVENTS."""
        env = ringqd.environment(RINGQ_URL=f'unix:{server.unix_path}')
        child = subprocess.Popen([ringqd.RINGQ, 'events', *args], env=env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 preexec_fn=ringqd.die_with_the_test)

        def end():
            if child.poll() is None:
                child.kill()
            child.stdout.close()
            child.stderr.close()
            child.wait()
        self.addCleanup(end)
        self.until_listening(server)
        return child

    @staticmethod
    def until_listening(server):
        with server.client() as c:
            ringqd.wait_until(lambda: c.stats()['events_calls'] >= 1, 'the listener')

    def test_each_event_is_a_line_at_once(self):
        server = self.start()
        child = self.listen(server, 'q')
        with server.client() as c:
            ident = c.put('q', 'x')
            c.put('other', 'y')
            c.call('FAIL', c.get('q')['lease'], 'ERROR', 'one\ntwo', 'DEAD')
            rows = [child.stdout.readline().rstrip('\n').split('\t') for _ in range(3)]
        self.assertEqual([row[1] for row in rows], ['put', 'leased', 'dead'])
        self.assertEqual({(row[2], row[3]) for row in rows}, {(ident, 'q')})
        self.assertTrue(all(row[0].isdigit() for row in rows))
        self.assertEqual(rows[2][4:], ['1', 'one\\ntwo'])

    def test_json_has_one_object_a_line(self):
        server = self.start()
        child = self.listen(server, '--json')
        with server.client() as c:
            ident = c.put('q', 'x')
        event = json.loads(child.stdout.readline())
        self.assertEqual((event['event'], event['id'], event['queue'], event['attempt']), ('put', ident, 'q', 0))

    def test_it_goes_on_after_a_restart_and_says_what_is_missing(self):
        server = self.start()
        child = self.listen(server)
        server.kill()
        server.start()
        self.assertIn('connected again', child.stderr.readline())
        with server.client() as c:
            def is_heard():  # its EVENTS may have come while the log was loading
                c.put('q', 'x')
                return select.select([child.stdout], [], [], 0.05)[0]
            ringqd.wait_until(is_heard, 'an event')
        self.assertEqual(child.stdout.readline().split('\t')[1], 'put')

    def test_ctrl_c_ends_it(self):
        child = self.listen(self.start())
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(ringqd.PATIENCE), -signal.SIGINT)  # 130 for a shell, as stats --watch

    def test_what_is_wrong_ends_it(self):
        env = ringqd.environment(RINGQ_URL='unix:/nowhere/ringqd.sock')
        for args, code in (((), 69), (('a', 'b'), 2)):
            run = subprocess.run([ringqd.RINGQ, 'events', *args], env=env, capture_output=True, text=True, check=False,
                                 timeout=ringqd.PATIENCE)
            self.assertEqual(run.returncode, code, run.stderr)
        server = self.start()
        env = ringqd.environment(RINGQ_URL=f'unix:{server.unix_path}')
        run = subprocess.run([ringqd.RINGQ, 'events', 'no/name'], env=env, capture_output=True, text=True, check=False,
                             timeout=ringqd.PATIENCE)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn('BADARG', run.stderr)


if __name__ == '__main__':
    ringqd.main()
