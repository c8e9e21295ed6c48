#!/usr/bin/env python3
"""process_test - ringqd as a process: options, files, signals, exit statuses.

SPDX-License-Identifier: MIT
"""
import os
import re
import signal
import socket
import stat
import subprocess
import unittest

import resp
import ringqd


def run(*args, env=None):
    return subprocess.run([ringqd.RINGQD, *args], text=True, capture_output=True, timeout=ringqd.PATIENCE,
                          env=env or ringqd.environment(), check=False)


class Options(unittest.TestCase):
    def test_help_has_examples_every_option_and_the_exit_statuses(self):
        result = run('--help')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertIn('ringqd dev', result.stdout)
        for option in ('listen', 'data-dir', 'redis', 'durability', 'port-file', 'max-body', 'max-connections',
                       'config', 'log-level', 'store-down', 'bad-entries'):
            self.assertIn(f'--{option}', result.stdout)
        self.assertIn('exit', result.stdout)

    def test_version(self):
        result = run('--version')
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r'^ringqd \d+\.\d+\.\d+\n$')

    def test_without_a_data_directory_it_says_what_to_do(self):
        result = run()
        self.assertEqual(result.returncode, 2)
        self.assertIn('--data-dir', result.stderr)

    def test_bad_options_are_usage_errors_that_name_the_option(self):
        for args in (['--colour', 'red'], ['--durability', 'forever'], ['--max-body', '65MiB'], ['--max-body', '-1'],
                     ['--max-connections', '0'], ['--max-connections', 'many'], ['--log-level', 'loud'],
                     ['--listen'], ['--config', '/nonexistent/ringqd.conf'], ['--http', 'on'], ['surprise']):
            with self.subTest(args):
                result = run('--data-dir', '/nonexistent/x', *args)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertTrue(result.stderr.startswith('ringqd: '), result.stderr)

    def test_an_unknown_option_is_guessed(self):
        self.assertIn('durability', run('--data-dir', '/nonexistent/x', '--durabilty', 'fsync').stderr)


class Process(ringqd.Test):
    def test_the_port_file_holds_the_port_when_the_server_is_ready(self):
        server = self.start()
        self.assertEqual(server.port_file.read_text().strip(), str(server.port))
        with server.client() as c:
            self.assertEqual(c.call('PING'), 'PONG')
            c.put('q', 'x')

    def test_sigterm_and_sigint_end_it_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                server = self.start(name=f'by-{number.name}')
                redis = server.redis_pid()
                server.signal(number)
                self.assertEqual(server.wait(), 0)
                self.assertFalse(ringqd.is_alive(redis), 'the private Redis is stopped first')
                self.assertFalse(server.unix_path.exists(), 'the unix socket is taken away')

    def test_sigterm_is_heard_during_idle_connections_and_waiting_getters(self):
        server = self.start()
        clients = [server.client() for _ in range(50)]
        for c in clients[:25]:
            c.send('GET', 'q')
        clients[0].send('PING')
        with server.client() as c:
            ringqd.wait_until(lambda: c.stats('q')['waiting_getters'] == 25, 'waiting getters')
        self.assertEqual(server.terminate(), 0)
        for c in clients:
            c.close()

    def test_sighup_and_sigpipe_do_not_end_it(self):
        server = self.start()
        server.signal(signal.SIGPIPE)
        with server.client() as c:
            self.assertEqual(c.call('PING'), 'PONG')

    def test_kill_9_takes_the_private_redis_along(self):
        server = self.start()
        redis = server.redis_pid()
        server.kill()
        ringqd.wait_until(lambda: not ringqd.is_alive(redis), 'the private Redis to follow')

    def test_it_can_be_started_again_at_once_after_kill_9(self):
        """The old Redis may still be there for a moment, and holds the lock."""
        server = self.start()
        for _ in range(3):
            server.kill()
            server.start()

    def test_what_it_writes_is_closed_to_others(self):
        server = self.start()
        with server.client() as c:
            c.put('q', 'x')
        self.assertEqual(stat.S_IMODE(os.stat(server.data_dir).st_mode), 0o700)
        for folder, _, files in os.walk(server.data_dir):
            for name in files:
                mode = os.lstat(os.path.join(folder, name)).st_mode
                self.assertFalse(stat.S_ISREG(mode) and mode & 0o077, f'{folder}/{name} {mode:o}')

    def test_a_data_directory_that_others_can_enter_is_refused(self):
        server = self.server()
        server.data_dir.mkdir(mode=0o755)
        server.data_dir.chmod(0o755)
        server.launch()
        self.assertEqual(server.wait(), 78)
        self.assertIn('chmod 700', server.log_text())

    def test_a_port_that_is_taken_is_refused_with_a_message(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            server = self.server()
            server.args[1] = f'127.0.0.1:{taken.getsockname()[1]}'
            server.launch()
            self.assertEqual(server.wait(), 78)
            self.assertIn(str(taken.getsockname()[1]), server.log_text())

    def test_plaintext_is_for_loopback_only(self):
        server = self.server()
        server.args[1] = '0.0.0.0:0'
        server.launch()
        self.assertEqual(server.wait(), 78, server.log_text())

    def test_a_missing_redis_server_is_told_with_the_remedy(self):
        server = self.server(env={'PATH': str(self.directory)})
        server.launch()
        self.assertEqual(server.wait(), 78)
        self.assertIn('redis-server', server.log_text())
        self.assertIn('install', server.log_text())

    def test_a_file_the_environment_and_flags_overrule_each_other_in_this_order(self):
        config = self.directory / 'ringqd.conf'
        config.write_text('# a comment\nmax-body = 100KiB\nmax-connections = 7\nlog-level = debug\n')
        server = self.start('--config', str(config), '--log-level', 'warn',
                            env={'RINGQD_MAX_CONNECTIONS': '9', 'RINGQD_LOG_LEVEL': 'info'})
        with server.client() as c:
            hello = resp.pairs(c.call('HELLO'))
        self.assertEqual((hello['body_max'], hello['connections_max']), (102400, 9))
        self.assertNotRegex(server.log_text(), r'(?m)^\S+ (debug|info) ')

    def test_an_unknown_key_in_the_file_is_refused_with_its_line(self):
        config = self.directory / 'ringqd.conf'
        config.write_text('\nmax-bodies = 5\n')
        result = run('--config', str(config), '--data-dir', str(self.directory / 'd'))
        self.assertEqual(result.returncode, 2)
        self.assertIn('2', result.stderr)
        self.assertIn('max-body', result.stderr)

    def test_a_crash_of_redis_twice_ends_the_server_with_the_reason(self):
        server = self.start()
        with server.client() as c:
            first = server.kill_redis()
            ringqd.wait_until(lambda: server.redis_pid() != first, 'the restart of Redis')
            c.put('q', 'x')
            server.kill_redis()
        self.assertEqual(server.wait(), 69, server.log_text())


class Dev(ringqd.Test):
    def dev(self, *args):
        env = ringqd.environment(HOME=str(self.directory), XDG_STATE_HOME=str(self.directory / 'state'))
        log = open(self.directory / 'dev.log', 'wb')
        self.addCleanup(log.close)
        process = subprocess.Popen([ringqd.RINGQD, 'dev', *args], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=env, preexec_fn=ringqd.die_with_the_test)
        self.addCleanup(process.kill)
        return process

    def banner(self):
        return (self.directory / 'dev.log').read_text()

    def test_it_needs_nothing_and_says_what_runs_where_in_at_most_12_lines(self):
        port = ringqd.free_port()
        process = self.dev('--port', str(port))
        ringqd.wait_until(lambda: 'Ctrl-C' in self.banner(), 'the banner')
        lines = [l for l in self.banner().splitlines() if not re.match(r'\S+ (info|warn) ', l)]
        self.assertLessEqual(len(lines), 12, self.banner())
        self.assertIn(f'127.0.0.1:{port}', self.banner())
        self.assertIn('everysec', self.banner())
        self.assertTrue((self.directory / 'state/ringqd/dev').is_dir())
        with resp.Client(port) as c:
            c.put('q', 'x')
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(ringqd.PATIENCE), 0)

    def test_stop_ends_it_and_jobs_stay(self):
        port = ringqd.free_port()
        env = ringqd.environment(HOME=str(self.directory), XDG_STATE_HOME=str(self.directory / 'state'))
        process = self.dev('--port', str(port))
        ringqd.wait_until(lambda: 'Ctrl-C' in self.banner(), 'the banner')
        with resp.Client(port) as c:
            job = c.put('q', 'x')
        self.assertEqual(run('dev', '--stop', env=env).returncode, 0)
        self.assertEqual(process.wait(ringqd.PATIENCE), 0)
        (self.directory / 'dev.log').unlink()
        self.dev('--port', str(port))
        ringqd.wait_until(lambda: 'Ctrl-C' in self.banner(), 'the banner')
        with resp.Client(port) as c:
            self.assertEqual(c.get('q')['id'], job)
        run('dev', '--stop', env=env)


if __name__ == '__main__':
    ringqd.main()
