#!/usr/bin/env python3
"""outside_test - demos that meet the outside: a file, a signal, a server of somebody else.

SPDX-License-Identifier: MIT
"""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

PROGRAMS = pathlib.Path(os.environ['RINGQ_BUILD'], 'examples')
ENV = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
PATIENCE = 60


def run(program, *args):
    return subprocess.run([PROGRAMS / program, *args], env=ENV, capture_output=True, check=False, timeout=PATIENCE)


class Outside(unittest.TestCase):
    def test_a_file_is_printed_byte_for_byte(self):
        text = b''.join(b'line %d\n' % i for i in range(20000))  # more than one read
        with tempfile.NamedTemporaryFile() as f:
            f.write(text)
            f.flush()
            result = run('002-readfile', f.name)
        self.assertEqual((result.stdout, result.stderr, result.returncode), (text, b'', 0))

    def test_sigterm_lets_the_work_in_hand_finish(self):
        with subprocess.Popen([PROGRAMS / 'graceful', '1'], env=ENV, stdout=subprocess.PIPE) as program:
            self.assertEqual(program.stdout.readline(), b'working\n')  # and waiting for the signal
            program.send_signal(signal.SIGTERM)
            self.assertEqual(program.stdout.read(), b'stopping\nwork finished\n')
            self.assertEqual(program.wait(timeout=PATIENCE), 0)

    def test_a_ping_is_answered_by_another_server(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            heard = []

            def answer():
                peer, _ = server.accept()
                with peer:
                    heard.append(peer.recv(100))
                    peer.sendall(b'+PONG\r\n')

            thread = threading.Thread(target=answer)
            thread.start()
            result = run('resp-ping', '127.0.0.1', str(server.getsockname()[1]))
            thread.join(PATIENCE)
        self.assertEqual((result.stdout, result.stderr, result.returncode), (b'PONG\n', b'', 0))
        self.assertEqual(heard, [b'*1\r\n$4\r\nPING\r\n'])

    def test_a_server_that_is_not_there_is_an_error(self):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))  # bound, and not listening
            result = run('resp-ping', '127.0.0.1', str(s.getsockname()[1]))
        self.assertEqual((result.stdout, result.returncode), (b'', 1))
        self.assertIn(b'refused', result.stderr)

    def test_an_argument_that_is_no_number_is_refused(self):
        for program in ('002-downloads', 'memory', 'sync-vs-async', 'fd-leak', 'graceful', 'sleep-cpu'):
            with self.subTest(program=program):
                self.assertIn(b'not such a number: many', run(program, 'many').stderr)


if __name__ == '__main__':
    unittest.main()
