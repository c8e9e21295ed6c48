#!/usr/bin/env python3
"""foreign_test - clients that know nothing of ringq: redis-cli, redis-benchmark, nc.

SPDX-License-Identifier: MIT
"""
import re
import shutil
import subprocess

import ringqd


class Foreign(ringqd.SharedTest):
    def run_tool(self, *args, **run):
        if shutil.which(args[0]) is None:
            self.skipTest(f'{args[0]} is missing; the packages are listed in deploy/packages.sh')
        result = subprocess.run([str(a) for a in args], text=True, capture_output=True, timeout=300, check=False, **run)
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        return result.stdout

    def cli(self, *args, **run):
        return self.run_tool('redis-cli', '-p', self.server.port, *args, **run)

    def test_redis_cli_puts_gets_and_finishes(self):
        self.assertEqual(self.cli('PUT', self.q, 'hello').split()[1:], ['queued', 'redis'])
        # redis-cli's connection ends with it and gives the job back, so one session does all.
        out = self.cli(input=f'GET {self.q} TTR 60000\n').splitlines()
        self.assertEqual(out[out.index('body') + 1], 'hello')

    def test_redis_cli_finishes_a_job_in_one_session(self):
        self.cli('PUT', self.q, 'hello')
        with subprocess.Popen(['redis-cli', '-p', str(self.server.port)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as session:
            session.stdin.write(f'GET {self.q}\n')
            session.stdin.flush()
            while session.stdout.readline() != 'lease\n':
                pass
            session.stdin.write(f'DONE {session.stdout.readline().strip()}\nJOIN {self.q}\nSTATS {self.q}\n')
            session.stdin.close()
            out = session.stdout.read().splitlines()
        self.assertIn('1', out)
        self.assertEqual(out[out.index('total_done') + 1], '1')

    def test_redis_cli_with_resp3(self):
        out = self.cli('-3', 'STATS', self.q)
        self.assertIn('"ready"' if '"ready"' in out else 'ready', out)

    def test_redis_cli_pipe_mode_loads_in_bulk(self):
        lines = ''.join(f'PUT {self.q} {i}\r\n' for i in range(5000))
        out = self.cli('--pipe', input=lines)
        self.assertIn('errors: 0, replies: 5000', out)
        self.assertEqual(self.c.call('QSIZE', self.q), 5000)

    def test_an_inline_put_typed_into_nc_works(self):
        out = self.run_tool('nc', '-N', '127.0.0.1', self.server.port, input=f'PUT {self.q} hello\n')
        self.assertRegex(out, r'^\*3\r?\n\$\d+\r?\n[0-9-]+\r?\n\$6\r?\nqueued')
        self.assertEqual(self.c.get_now(self.q)['body'], b'hello')

    def test_redis_benchmark_completes(self):
        n = 20000 if ringqd.IS_SANITIZED else 200000
        out = self.run_tool('redis-benchmark', '-p', self.server.port, '-c', '64', '-P', '16', '-n', n, '-q',
                            'PUT', 'bench', 'hello')
        self.assertRegex(out, r'requests per second')
        print(re.split(r'[\r\n]+', out.strip())[-1])
        self.assertEqual(self.c.call('QSIZE', 'bench'), n)

    def test_redis_benchmark_completes_at_fsync(self):
        server = ringqd.Server(self.directory, durability='fsync', name='fsync').start()
        try:
            n = 20000 if ringqd.IS_SANITIZED else 200000
            out = self.run_tool('redis-benchmark', '-p', server.port, '-c', '64', '-P', '16', '-n', n, '-q',
                                'PUT', 'bench', 'hello')
            print(re.split(r'[\r\n]+', out.strip())[-1])
            with server.client() as c:
                self.assertEqual(c.call('QSIZE', 'bench'), n)
            self.assertEqual(server.terminate(), 0)
        finally:
            if server.is_running():
                server.kill()


if __name__ == '__main__':
    ringqd.main()
