#!/usr/bin/env python3
"""web_test - the web server among the demos: routes, and a hundred clients at once.

SPDX-License-Identifier: MIT
"""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

PROGRAMS = pathlib.Path(os.environ['RINGQ_BUILD'], 'examples')
ENV = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
PATIENCE = 60


class Web(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([PROGRAMS / '000-web', '0'], env=ENV, text=True, stdout=subprocess.PIPE)
        self.addCleanup(self.stop)
        self.url = self.server.stdout.readline().strip()

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(timeout=PATIENCE), 0)
        self.server.stdout.close()

    def get(self, path, method='GET'):
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_the_root_says_hello(self):
        self.assertEqual(self.get('/'), (200, 'Hello, Async World!\n'))

    def test_an_unknown_path_is_not_found(self):
        self.assertEqual(self.get('/nope')[0], 404)

    def test_another_method_is_not_allowed(self):
        self.assertEqual(self.get('/', 'DELETE')[0], 405)

    def test_a_hundred_clients_are_served_at_the_same_time(self):
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(self.get, ['/'] * 100))
        self.assertEqual(set(answers), {(200, 'Hello, Async World!\n')})
        self.assertLess(time.monotonic() - start, 100 * 0.2)  # what they take one after the other

    def test_a_thousand_idle_clients_keep_nobody_waiting(self):
        address = ('127.0.0.1', int(self.url.rsplit(':', 1)[1]))
        with contextlib.ExitStack() as idle:
            for _ in range(1000):
                idle.enter_context(socket.create_connection(address, timeout=PATIENCE))
            start = time.monotonic()
            self.assertEqual(self.get('/json/1'), (200, '{"item": "1"}'))
            self.assertLess(time.monotonic() - start, 5)  # a bound for a loaded machine, not a measurement

    def test_the_batch_client_gets_its_lines_in_order(self):
        result = subprocess.run([PROGRAMS / '001-batch-api', self.url], env=ENV, text=True, capture_output=True,
                                check=False, timeout=PATIENCE)
        self.assertEqual((result.stdout, result.stderr, result.returncode),
                         ('{"item": "1"}\n{"item": "2"}\n{"item": "3"}\n', '', 0))

    def test_fifty_pages_come_in_the_order_of_their_addresses(self):
        result = subprocess.run([PROGRAMS / 'fetch-many', '50'], env=ENV, text=True, capture_output=True, check=False,
                                timeout=PATIENCE)
        self.assertEqual((result.stdout, result.stderr, result.returncode),
                         (''.join(f'body of /page/{n}\n' for n in range(50)), '', 0))


if __name__ == '__main__':
    unittest.main()
