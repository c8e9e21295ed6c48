#!/usr/bin/env python3
"""cli_exit_test - what scripts rely on: the exit code for every error, stdout that is data,
stderr that says what to do.

SPDX-License-Identifier: MIT
"""
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import ringqd
import scripted
from scripted import Scripted, error, simple, value

RECEIPT = value(['7-1', 'queued', 'fsync'])
JOB = {'id': '7-1', 'lease': '7-1:1', 'queue': 'q', 'body': 'hello', 'attempt': 1, 'ttr': 60000, 'error': ''}


def ringq(*args, url='ringq://127.0.0.1:1', **run):
    """Runs the CLI; by default against a port where nobody is."""
    env = ringqd.environment(**run.pop('env', {}))
    if url:
        env['RINGQ_URL'] = url
    run.setdefault('timeout', ringqd.PATIENCE)
    if 'input' not in run:
        run.setdefault('stdin', subprocess.DEVNULL)
    run.setdefault('text', True)
    return subprocess.run([ringqd.RINGQ, *map(str, args)], env=env, capture_output=True, check=False, **run)


class Cli(unittest.TestCase):
    def exits(self, code, *args, **run):
        done = ringq(*args, **run)
        self.assertEqual(done.returncode, code, f'{args}: {done.stdout!r} {done.stderr!r}')
        return done


class ExitCodes(Cli):
    """The table of ringq errors, row by row."""

    def test_0_done_as_asked(self):
        with Scripted(PUT=RECEIPT) as s:
            done = self.exits(0, 'put', 'q', 'hello', url=s.url)
        self.assertEqual(done.stdout, '7-1\tqueued\tfsync\n')
        self.assertEqual(done.stderr, '')

    def test_2_usage(self):
        for args in (['frobnicate'], ['put'], ['put', 'q', 'a', 'b'], ['put', 'q', 'x', '--colour'], ['get'],
                     ['join'], ['show'], ['work', 'q'], ['work', 'q', '--'], ['put', 'q', 'x', '--delay', '5'],
                     ['put', 'q', 'x', '--pri', '256'], ['put', 'q', 'x', '--delay', '1s', '--at', '2030-01-01'],
                     ['get', 'q', '--nowait', '--block', '1s'], ['put', 'q', 'x', '--lines', 'f'],
                     ['put', 'q', 'x', '--rejects', 'f'], ['errors', 'FROBNICATE'], ['errors', '42']):
            with self.subTest(args):
                done = self.exits(2, *args)
                self.assertEqual(done.stdout, '')
                self.assertTrue(done.stderr.startswith('ringq'), done.stderr)

    def test_2_what_the_server_finds_wrong(self):
        for code in ('BADARG', 'TOOBIG', 'ERR', 'NEWCODE'):
            with self.subTest(code), Scripted(PUT=error(f'{code} say it better')) as s:
                done = self.exits(2, 'put', 'q', 'x', url=s.url)
                self.assertIn('say it better', done.stderr)
                self.assertEqual(done.stdout, '')

    def test_2_a_bad_url(self):
        for url in ('http://host', 'ringq://', 'ringq://host:99999', 'unix:'):
            with self.subTest(url):
                self.exits(2, '--server', url, 'ping')

    def test_3_no_such_job(self):
        with Scripted(SHOW=error('NOJOB no such job')) as s:
            self.exits(3, 'show', '7-1', url=s.url)

    def test_4_a_lost_lease(self):
        with Scripted(GET=value([JOB]), DONE=error('STALE 7-1:1 is no longer yours; COUNT 0')) as s:
            self.exits(4, 'get', 'q', url=s.url)

    def test_5_not_allowed(self):
        for code in ('NOAUTH', 'DENIED'):
            with self.subTest(code), Scripted(PUT=error(f'{code} no')) as s:
                self.exits(5, 'put', 'q', 'x', url=s.url)

    def test_6_not_now(self):
        for code in ('FULL', 'PAUSED', 'LIMIT', 'BUSY', 'STORE', 'LOADING'):
            with self.subTest(code), Scripted(PUT=error(f'{code} try again')) as s:
                self.exits(6, 'put', 'q', 'x', url=s.url)

    def test_7_outcome_not_known(self):
        with self.subTest('told'), Scripted(PUT=error('UNKNOWN who knows')) as s:
            self.exits(7, 'put', 'q', 'x', url=s.url)
        with self.subTest('broken off'), Scripted(PUT=scripted.CLOSE) as s:
            self.exits(7, 'put', 'q', 'x', url=s.url)
            self.assertEqual(len(s.named('PUT')), 1, 'a put must not be repeated')

    def test_8_shut_down(self):
        with Scripted(PUT=error('SHUTDOWN the queue is shut down')) as s:
            self.exits(8, 'put', 'q', 'x', url=s.url)

    def test_69_unreachable_says_how_to_start_a_server(self):
        for args in (['put', 'q', 'x'], ['get', 'q'], ['join', 'q'], ['stats'], ['queues'], ['show', '7-1'],
                     ['ping'], ['demo'], ['work', 'q', '--', 'true']):
            with self.subTest(args):
                done = self.exits(69, *args)
                self.assertIn('ringqd dev', done.stderr)
                self.assertEqual(done.stdout, '')

    def test_69_another_server_owns_the_log(self):
        with Scripted(PUT=error('MOVED other:7766 another server owns this log')) as s:
            self.assertIn('other:7766', self.exits(69, 'put', 'q', 'x', url=s.url).stderr)

    def test_70_the_output_cannot_be_written(self):
        with Scripted(GET=value([JOB]), RELEASE=simple('OK')) as s, open('/dev/full', 'w', encoding='ascii') as full:
            env = ringqd.environment(RINGQ_URL=s.url)
            done = subprocess.run([ringqd.RINGQ, 'get', 'q'], env=env, stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=ringqd.PATIENCE, check=False)
            self.assertEqual(done.returncode, 70, done.stderr)
            self.assertIn('cannot write the output: No space left', done.stderr)
            self.assertEqual(s.named('DONE'), [], 'what was not written is not finished')
            self.assertEqual(s.named('RELEASE'), [['RELEASE', '7-1:1']])

    def test_76_something_else_answers_there(self):
        for raw in (b'HTTP/1.1 400 Bad Request\r\n\r\n', b'-ERR unknown command HELLO\r\n', b'+OK\r\n',
                    b'%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n'):
            with self.subTest(raw), Scripted(raw=raw) as s:
                self.exits(76, 'ping', url=s.url)

    def test_124_time_ran_out(self):
        with self.subTest('get'), Scripted(GET=value(None)) as s:
            done = self.exits(124, 'get', 'q', '--nowait', url=s.url)
            self.assertEqual(done.stdout, '')
            self.assertEqual(s.named('GET')[0][2:4], ['BLOCK', '0'])
        with self.subTest('join'), Scripted(JOIN=value(None)) as s:
            self.exits(124, 'join', 'q', '--block', '20ms', url=s.url)
            self.assertEqual(s.named('JOIN'), [['JOIN', 'q', 'BLOCK', '20']])

    def test_130_interrupted(self):
        with Scripted(GET=scripted.SILENCE) as s:
            env = ringqd.environment(RINGQ_URL=s.url)
            # As a shell reports it.
            child = subprocess.Popen(['sh', '-c', '"$0" get q; exit $?', ringqd.RINGQ], env=env,
                                     stdin=subprocess.DEVNULL, preexec_fn=os.setpgrp)
            ringqd.wait_until(lambda: s.named('GET'), 'the GET')
            os.killpg(child.pid, signal.SIGINT)
            self.assertIn(child.wait(ringqd.PATIENCE), (130, -signal.SIGINT))

    def test_130_interrupted_lines_are_counted(self):
        answers = {'MPUT': lambda words: value([f'7-{i}' for i in range(int(words[words.index('BODIES') + 1]))])}
        with Scripted(**answers) as s:
            env = ringqd.environment(RINGQ_URL=s.url)
            with subprocess.Popen([ringqd.RINGQ, 'put', 'q', '--lines', '-'], env=env, text=True,
                                  stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                child.stdin.write('a\nb\n')
                child.stdin.flush()
                ringqd.wait_until(lambda: s.named('MPUT'), 'the MPUT')
                child.send_signal(signal.SIGINT)
                said = child.stderr.read()
                self.assertEqual(child.wait(ringqd.PATIENCE), 130)
            self.assertIn('2 jobs put into q', said)


class Bulk(Cli):
    """Lines that meet a bad day: what was put is counted, what was not can be put again."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix='ringq-')
        self.addCleanup(self.directory.cleanup)
        self.lines = os.path.join(self.directory.name, 'lines')
        self.rejects = os.path.join(self.directory.name, 'rejects')
        with open(self.lines, 'w', encoding='ascii') as f:
            f.writelines(f'{i}\n' for i in range(1, 1025))  # four batches

    @staticmethod
    def bodies(words):
        return words[words.index('BODIES') + 2:]

    def taking(self, *batches):
        """MPUT answers: the n-th batch gets batches[n], None is success."""
        left = list(batches)

        def answer(words):
            reply = left.pop(0) if left else None
            return value([f'7-{b}' for b in self.bodies(words)]) if reply is None else reply
        return answer

    def put(self, code, server, *args):
        done = self.exits(code, 'put', 'q', '--lines', self.lines, '--rejects', self.rejects, '--json', *args,
                          url=server.url)
        with open(self.rejects, encoding='ascii') as f:
            rejects = f.read().split()
        counts = json.loads(done.stdout)
        return {k: counts[k] for k in ('put', 'rejected', 'not_stored', 'unknown')}, rejects, done.stderr

    def test_a_refused_batch_is_saved_and_named(self):
        with Scripted(MPUT=self.taking(None, error('STORE not stored'))) as s:
            counts, rejects, said = self.put(6, s)
        self.assertEqual(counts, {'put': 768, 'rejected': 0, 'not_stored': 256, 'unknown': 0})
        self.assertEqual(rejects, [str(i) for i in range(257, 513)])
        self.assertIn('lines 257 to 512 were not put', said)
        self.assertIn('STORE: not stored', said)

    def test_a_broken_connection_leaves_batches_unknown(self):
        """What was not sent is not unknown, and nothing is sent twice."""
        with Scripted(MPUT=self.taking(None, scripted.CLOSE)) as s:
            counts, rejects, said = self.put(7, s)
            self.assertEqual(len(s.named('MPUT')), 2)
        self.assertEqual(counts['put'], 256)
        self.assertGreaterEqual(counts['unknown'], 256)
        self.assertEqual(counts['put'] + counts['unknown'] + counts['not_stored'], 1024, said)
        self.assertIn('lines 257 to 512 may have been put, or not', said)
        self.assertNotIn('257', rejects, 'putting it again might double it')

    def test_in_a_batch_that_is_too_big_the_line_is_found(self):
        def put(words):
            return error('TOOBIG a body of this server') if words[2] == '300' else value([f'7-{words[2]}', 'queued', 'fsync'])
        with Scripted(MPUT=self.taking(None, error('TOOBIG somewhere')), PUT=put) as s:
            counts, rejects, said = self.put(2, s)
        self.assertEqual(counts, {'put': 1023, 'rejected': 1, 'not_stored': 0, 'unknown': 0})
        self.assertEqual(rejects, ['300'])
        self.assertIn(':300: ', said)

    def test_it_stops_where_the_server_stops(self):
        """Sixteen batches are under way at most; what follows is not read, and that is said."""
        with open(self.lines, 'w', encoding='ascii') as f:
            f.writelines(f'{i}\n' for i in range(1, 100001))
        with Scripted(MPUT=lambda words: error('SHUTDOWN the queue is shut down')) as s:
            counts, rejects, said = self.put(8, s)
        self.assertEqual(counts['put'], 0)
        self.assertLessEqual(counts['not_stored'], 17 * 256)
        self.assertEqual(rejects, [str(i) for i in range(1, counts['not_stored'] + 1)])
        self.assertIn(f'nothing from line {counts["not_stored"] + 1} on was sent', said)
        self.assertEqual(said.count('SHUTDOWN'), 1, 'one reason is enough')

    def test_a_line_at_the_limit_of_the_server_is_taken_and_one_past_it_is_not(self):
        with open(self.lines, 'w', encoding='ascii') as f:
            f.write('12345\n123456\nx\n')
        with Scripted(hello={'body_max': 5}, MPUT=self.taking()) as s:
            counts, rejects, _ = self.put(2, s)
            self.assertEqual([self.bodies(c) for c in s.named('MPUT')], [['12345', 'x']])
        self.assertEqual(counts, {'put': 2, 'rejected': 1, 'not_stored': 0, 'unknown': 0})
        self.assertEqual(rejects, ['123456'])


class Errors(Cli):
    def test_the_tables_are_printed_as_data(self):
        out = self.exits(0, 'errors').stdout
        self.assertIn('124\ttime ran out: nothing yet\n', out)
        self.assertIn('STALE\t4\t', out)

    def test_one_error_and_one_exit_code_are_explained(self):
        self.assertIn('exit: 4', self.exits(0, 'errors', 'stale').stdout)
        out = self.exits(0, 'errors', '6').stdout
        for code in ('FULL', 'PAUSED', 'LIMIT', 'BUSY', 'STORE', 'LOADING'):
            self.assertIn(f'{code}: ', out)

    def test_in_json_every_error_has_meaning_and_fix(self):
        rows = [json.loads(line) for line in self.exits(0, 'errors', '--json').stdout.splitlines()]
        self.assertGreater(len(rows), 20)
        for row in rows:
            self.assertEqual(sorted(row), ['code', 'exit', 'fix', 'meaning'])
            self.assertTrue(row['meaning'] and row['fix'])


class Help(Cli):
    def commands(self):
        words = self.exits(0, 'help', '--words').stdout.split()
        return [w for w in words if not w.startswith('-')]

    def test_every_command_has_examples_first_and_its_options(self):
        self.assertIn('work', self.commands())
        for name in self.commands():
            with self.subTest(name):
                page = self.exits(0, name, '--help').stdout
                self.assertEqual(page, self.exits(0, 'help', name).stdout)
                example, usage = page.find(f'  ringq {name}'), page.find('usage:')
                self.assertTrue(0 < example < usage, page)
                for option in self.exits(0, 'help', '--words', name).stdout.split():
                    self.assertIn(option, page)

    def test_examples_are_commands_that_parse(self):
        """No example may fail for its words; nobody listens, so 69 is the good end."""
        for name in self.commands():
            page = self.exits(0, name, '--help').stdout
            for line in page.partition('\n\n')[2].partition('\nusage:')[0].splitlines():
                command = line.replace(' ./send-mail', ' true').replace(' ./handle', ' true')
                if any(s in line for s in ('--file', '--jsonl', 'unix:')):
                    continue  # they want files of their own
                command = command.replace('--wait 10s', '--wait 10ms')
                with self.subTest(line), tempfile.TemporaryDirectory() as home:
                    env = ringqd.environment(RINGQ_URL='ringq://127.0.0.1:1')
                    env['PATH'] = f'{os.path.dirname(ringqd.RINGQ)}:{env["PATH"]}'
                    done = subprocess.run(['bash', '-o', 'pipefail', '-c', command], env=env, cwd=home, text=True,
                                          stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                          timeout=ringqd.PATIENCE)
                    if 'jq' in command and 'not found' in done.stderr:
                        continue
                    # `log` becomes ringqd, which says 78 when there is no log.
                    self.assertIn(done.returncode, (0, 78 if name == 'log' else 69), done.stderr)

    def test_without_a_command_the_list_is_talk_and_usage(self):
        done = self.exits(2)
        self.assertEqual(done.stdout, '')
        self.assertIn('commands:', done.stderr)
        self.assertIn('commands:', self.exits(0, '--help').stdout)

    def test_the_version_is_said(self):
        self.assertRegex(self.exits(0, '--version').stdout, r'^ringq \d+\.\d+\.\d+\n$')

    def test_a_mistyped_command_or_option_is_told_what_was_meant(self):
        self.assertIn('ringq work', self.exits(2, 'wrok').stderr)
        self.assertIn('--delay', self.exits(2, 'put', 'q', 'x', '--dealy', '1s').stderr)

    def test_help_stands_before_everything_else(self):
        self.assertIn('usage: ringq put', self.exits(0, 'put', '--help').stdout)
        self.assertIn('usage: ringq put', self.exits(0, '--help', 'put').stdout)


class Manners(Cli):
    def test_the_server_comes_from_the_option_before_the_environment(self):
        with Scripted() as s:
            self.exits(0, 'ping', '--server', s.url)
            self.exits(0, '--server', s.url, 'ping')
            self.exits(0, '-s', s.url, 'ping')
            self.exits(0, 'ping', url=s.url)

    def test_ping_waits_for_a_server_that_is_just_starting(self):
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        child = subprocess.Popen([ringqd.RINGQ, 'ping', '--wait', '30s'], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 env=ringqd.environment(RINGQ_URL=f'ringq://127.0.0.1:{port}'))
        self.addCleanup(child.kill)
        time.sleep(0.2)
        self.assertIsNone(child.poll())
        with Scripted(port=port, STATS=value({'store': 'recovering'})) as late:
            ringqd.wait_until(lambda: len(late.named('STATS')) > 1, 'the second STATS')
            self.assertIsNone(child.poll(), 'a server that still recovers is not up')
            late.answers['STATS'] = value({'store': 'up'})
            self.assertEqual(child.wait(ringqd.PATIENCE), 0)

    def test_errors_from_the_server_cannot_steer_the_terminal(self):
        with Scripted(PUT=error('BADARG \x1b[2Jgone')) as s:
            done = self.exits(2, 'put', 'q', 'x', url=s.url)
        self.assertNotIn('\x1b', done.stderr)
        self.assertIn('\\x1b[2Jgone', done.stderr)

    def test_a_reader_that_leaves_ends_it_quietly(self):
        names = [[f'queue-{i:05}', 0] for i in range(20000)]
        with Scripted(QUEUES=value(names)) as s:
            done = subprocess.run(['bash', '-c', '"$0" queues -q | head -1; exit ${PIPESTATUS[0]}', ringqd.RINGQ],
                                  env=ringqd.environment(RINGQ_URL=s.url), capture_output=True, text=True,
                                  timeout=ringqd.PATIENCE, check=False)
        self.assertEqual(done.stdout, 'queue-00000\n')
        self.assertEqual(done.stderr, '')
        self.assertEqual(done.returncode, 128 + signal.SIGPIPE)

    def test_closed_descriptors_do_no_harm(self):
        with Scripted(PUT=RECEIPT) as s:
            done = subprocess.run(['bash', '-c', '"$0" put q x <&- 2>&-', ringqd.RINGQ],
                                  env=ringqd.environment(RINGQ_URL=s.url), capture_output=True, text=True,
                                  timeout=ringqd.PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, '7-1\tqueued\tfsync\n'))


if __name__ == '__main__':
    unittest.main()
