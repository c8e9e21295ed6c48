#!/usr/bin/env python3
"""io_test - the whole server on each backend: a life of some jobs, with a restart in it.

SPDX-License-Identifier: MIT
"""
import subprocess

import ringqd


class Io(ringqd.Test):
    def live(self, server, io):
        with server.client() as c:
            self.assertEqual(c.stats()['io'], io.encode())
            for i in range(20):
                c.put('q', f'job {i}')
            for i in range(10):
                job = c.get('q')
                self.assertEqual(job['body'], f'job {i}'.encode())
                c.done(job['lease'])
        server.terminate()
        server.start()
        with server.client() as c, server.unix_client() as joining:
            self.assertEqual(c.stats()['io'], io.encode())
            joining.send('JOIN', 'q')
            ringqd.wait_until(lambda: c.stats()['waiting_joiners'] >= 1, 'a waiting joiner')
            for i in range(10, 20):
                job = c.get('q')
                self.assertEqual(job['body'], f'job {i}'.encode())
                c.done(job['lease'])
            self.assertIsNotNone(joining.read())
        server.kill()
        server.start()
        with server.client() as c:
            self.assertIsNotNone(c.call('JOIN', 'q', 'BLOCK', 0), 'what was done stays done')

    def test_jobs_live_through_a_restart_on_epoll(self):
        server = self.start('--io', 'epoll')
        self.live(server, 'epoll')
        self.assertIn('event=io io=epoll', server.log_text())
        self.assertNotIn('io=epoll why=', server.log_text(), 'it was asked for')

    def test_many_clients_and_large_bodies_on_epoll(self):
        server = self.start('--io', 'epoll', durability='memory')
        clients = [server.client() for _ in range(50)]
        body = 'x' * (1 << 20)
        for i, c in enumerate(clients):
            c.put(f'q{i}', body)
        for i, c in enumerate(clients):
            job = c.get(f'q{i}')
            self.assertEqual(job['body'], body.encode())
            c.done(job['lease'])
            c.close()

    def test_a_word_that_names_no_backend_is_refused(self):
        run = subprocess.run([ringqd.RINGQD, '--io', 'aio'], capture_output=True, text=True,
                             env=ringqd.environment(), timeout=ringqd.PATIENCE)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn('uring, epoll, or auto', run.stderr)


if __name__ == '__main__':
    ringqd.main()
