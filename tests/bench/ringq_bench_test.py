#!/usr/bin/env python3
"""ringq_bench_test - the load generator does its work in every mode and against every kind
of server that is here; what it measures is not looked at.

SPDX-License-Identifier: MIT
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

import ringqd

BENCH = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'bin' / 'ringq-bench'
SHORT = ('--warm', '50ms', '--time', '200ms', '--conns', '4')


def bench(*args):
    return subprocess.run([BENCH, *map(str, args)], text=True, capture_output=True, check=False,
                          timeout=ringqd.PATIENCE, env=ringqd.environment())


class Bench(ringqd.Test):
    def measures(self, *args):
        """The line of JSON of a run that worked."""
        result = bench('--json', *SHORT, *args)
        self.assertEqual(result.returncode, 0, result.stderr)
        line = json.loads(result.stdout)
        self.assertGreater(line['jobs'], 0)
        return line


class Ringq(Bench):
    def setUp(self):
        super().setUp()
        self.server_ = self.start()
        self.url = f'127.0.0.1:{self.server_.port}'

    def left(self):
        with self.server_.client() as c:
            return c.call('QSIZE', 'bench0')

    def test_puts(self):
        line = self.measures('-u', self.url, '--mode', 'put', '--depth', 8)
        self.assertIn('p99', line['put_us'])
        self.assertGreaterEqual(self.left(), line['jobs'])

    def test_cycles_leave_no_more_than_what_was_under_way(self):
        self.measures('-u', self.url, '--depth', 4)
        self.assertLessEqual(self.left(), 4 * 4)

    def test_cycles_whose_done_travels_with_the_next_get(self):
        self.measures('-u', self.url, '--depth', 4, '--fused')

    def test_batches(self):
        line = self.measures('-u', self.url, '--batch', 32, '--fused')
        self.assertGreaterEqual(line['jobs'], 32)

    def test_jobs_that_are_there_are_taken(self):
        self.measures('-u', self.url, '--mode', 'get', '--prefill', 20000, '--time', '50ms')

    def test_a_fixed_rate(self):
        line = self.measures('-u', self.url, '--mode', 'latency', '--rate', 1000)
        self.assertEqual(line['rate'], 1000)
        self.assertLess(line['jobs_per_second'], 1100)

    def test_at_a_fixed_rate_a_stall_makes_late_all_that_was_due_meanwhile(self):
        run = subprocess.Popen([BENCH, '--json', '--mode', 'latency', '--rate', '1000', '--conns', '4', '--warm', '1ms',
                                '--time', '2s', '-u', self.url], text=True, stdout=subprocess.PIPE, env=ringqd.environment())
        ringqd.wait_until(lambda: self.left() > 100, 'the first puts')
        self.server_.signal(signal.SIGSTOP)
        time.sleep(0.6)  # the stall itself
        self.server_.signal(signal.SIGCONT)
        line = json.loads(run.communicate(timeout=ringqd.PATIENCE)[0])
        # More than half a second of two: a quarter of the requests.
        self.assertGreater(line['put_us']['p90'], 100000)
        self.assertGreater(line['put_us']['max'], 500000)

    def test_producers_and_consumers_on_connections_of_their_own(self):
        line = self.measures('-u', self.url, '--producers', 2, '--consumers', 3, '--depth', 4)
        self.assertEqual((line['producers'], line['consumers'], line['connections']), (2, 3, 5))
        self.assertIn('put_us', line)

    def test_producers_at_a_fixed_rate_and_consumers_beside_them(self):
        line = self.measures('-u', self.url, '--mode', 'latency', '--rate', 1000, '--producers', 2, '--consumers', 2,
                             '--time', '500ms')
        self.assertIn('done_us', line)
        self.assertLess(self.left(), line['jobs'])

    def test_batches_of_consumers(self):
        self.measures('-u', self.url, '--producers', 1, '--consumers', 2, '--batch', 16, '--fused')

    def test_a_durability_for_each_put(self):
        self.measures('-u', self.url, '--mode', 'put', '--durable', 'memory')
        self.measures('-u', self.url, '--mode', 'put', '--durable', 'redis', '--put-options', 'PRI 3', '--batch', 4)

    def test_more_than_the_server_promises_is_refused_by_it(self):
        result = bench(*SHORT, '-u', self.url, '--durable', 'fsync')
        self.assertEqual(result.returncode, 1)
        self.assertIn('BADARG', result.stderr)

    def test_a_fill_puts_as_many_as_are_asked_for_and_states_the_memory_of_one(self):
        line = self.measures('-u', self.url, '--mode', 'fill', '--prefill', 20001,
                             '--process', f'ringqd={self.server_.pid}')
        self.assertEqual((line['jobs'], self.left()), (20001, 20001))
        self.assertGreater(line['bytes_per_job']['ringqd'], 50)

    def test_a_fill_of_many_queues_reaches_all_of_them(self):
        self.measures('-u', self.url, '--mode', 'fill', '--prefill', 1000, '--queues', 100, '--depth', 3)
        with self.server_.client() as c:
            self.assertEqual(len(c.call('QUEUES')), 100)

    def test_the_first_job_of_a_server_that_starts_again(self):
        self.measures('-u', self.url, '--mode', 'fill', '--prefill', 1000)
        port = self.server_.port
        self.server_.kill()
        waiting = subprocess.Popen([BENCH, '--json', '--mode', 'recovery', '--url', f'127.0.0.1:{port}'], text=True,
                                   stdout=subprocess.PIPE, env=ringqd.environment())
        self.server_.args[self.server_.args.index('127.0.0.1:0')] = f'127.0.0.1:{port}'
        self.server_.start()
        line = json.loads(waiting.communicate(timeout=ringqd.PATIENCE)[0])
        self.assertEqual(line['jobs'], 1)
        self.assertLess(line['seconds'], ringqd.PATIENCE)
        self.assertEqual(self.left(), 999)

    def test_the_server_is_where_the_environment_says_and_may_be_a_url(self):
        result = subprocess.run([BENCH, '--json', *SHORT], text=True, capture_output=True, check=False,
                                timeout=ringqd.PATIENCE, env=ringqd.environment(RINGQ_URL=self.server_.url))
        self.assertEqual(result.returncode, 0, result.stderr)
        for option in ('--server', '-s', '--url', '-u'):
            self.measures(option, self.server_.url)

    def test_ringq_runs_it(self):
        result = self.server_.ringq('--json', 'bench', *SHORT, '--mode', 'put')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)['mode'], 'put')
        named = subprocess.run([ringqd.RINGQ, '--server', self.server_.url, 'bench', *SHORT], text=True,
                               capture_output=True, check=False, timeout=ringqd.PATIENCE, env=ringqd.environment())
        self.assertIn('ringq, cycle:', named.stdout)

    def test_a_consumer_that_waits_is_woken(self):
        said = self.measures('-u', self.url, '--mode', 'wake')
        self.assertLess(said['woken_us']['p50'], said['get_us']['p50'])  # which has waited before the put

    def test_a_unix_socket_many_queues_and_idle_connections(self):
        self.measures('-u', f'unix:{self.server_.unix_path}', '--queues', 3, '--idle', 20)

    def test_processor_time_of_processes_is_stated(self):
        line = self.measures('-u', self.url, '--process', f'ringqd={self.server_.pid}')
        self.assertIn('ringqd', line['cpu_us_per_job'])

    def test_words_behind_a_put(self):
        self.measures('-u', self.url, '--put-options', 'PRI 3 TTL 60000', '--batch', 4)

    def test_an_answer_that_is_an_error_ends_it_with_its_text(self):
        result = bench(*SHORT, '-u', self.url, '--put-options', 'PRI none')
        self.assertEqual(result.returncode, 1)
        self.assertIn('BADARG', result.stderr)

    def test_a_table_for_people(self):
        result = bench(*SHORT, '-u', self.url)
        self.assertIn('ringq, cycle:', result.stdout)
        self.assertIn('p99.9', result.stdout)

    def test_memory_a_job_stands_in_the_table_as_well(self):
        result = bench(*SHORT, '-u', self.url, '--prefill', 5000, '--process', f'ringqd={self.server_.pid}')
        self.assertRegex(result.stdout, r'memory a job that waits: ringqd \d+ B')


class Peers(Bench):
    def test_lists_of_redis(self):
        redis = self.redis()
        self.measures('-u', f'unix:{redis.path}', '--system', 'redis-lists', '--depth', 4)
        with redis.client() as r:
            self.assertEqual(r.call('LLEN', 'bench-c0') + r.call('LLEN', 'bench0') > 16, False)

    def test_streams_of_redis(self):
        redis = self.redis()
        self.measures('-u', f'unix:{redis.path}', '--system', 'redis-streams', '--batch', 8)

    def test_a_plain_echo(self):
        port = ringqd.free_port()
        echo = ringqd.Process(self.directory / 'echo.log')
        echo.spawn([BENCH, '--echo', str(port)])
        self.addCleanup(echo.kill)

        def answers():
            try:
                return bench('--json', *SHORT, '-u', f'127.0.0.1:{port}', '-S', 'echo', '-m', 'put').returncode == 0
            except OSError:
                return False
        ringqd.wait_until(answers, 'the echo')

    def works_with(self, system, *command):
        peer = ringqd.Process(self.directory / f'{system}.log')
        peer.spawn(list(map(str, command)))
        self.addCleanup(peer.kill)
        ringqd.wait_until(lambda: bench(*SHORT, '-u', f'127.0.0.1:{command[-1]}', '-S', system).returncode == 0, system)

    @unittest.skipUnless(shutil.which('beanstalkd'), 'no beanstalkd: apt-get install beanstalkd')
    def test_beanstalkd(self):
        self.works_with('beanstalkd', 'beanstalkd', '-l', '127.0.0.1', '-p', ringqd.free_port())

    @unittest.skipUnless(shutil.which('nats-server'), 'no nats-server: apt-get install nats-server')
    def test_nats_jetstream(self):
        self.works_with('nats', 'nats-server', '-a', '127.0.0.1', '-js', '-sd', self.directory / 'nats', '-p',
                        ringqd.free_port())


class Usage(unittest.TestCase):
    def test_producers_and_consumers_are_at_least_one_each(self):
        for option in ('--producers', '--consumers'):
            self.refuses('allowed', option, 0)
            self.refuses('allowed', option, 50001)

    def refuses(self, text, *args):
        result = bench(*args)
        self.assertEqual(result.returncode, 2)
        self.assertIn(text, result.stderr)

    def test_what_is_not_understood_is_named(self):
        self.refuses("no such mode: 'fast'", '--mode', 'fast')
        self.refuses("no such system: 'kafka'", '--system', 'kafka')
        self.refuses("needs --rate: 'latency'", '--mode', 'latency')
        self.refuses("--rate is for mode latency, not for: 'put'", '--mode', 'put', '--rate', 5)
        self.refuses("needs --prefill: 'fill'", '--mode', 'fill')
        self.refuses("needs the other one as well: '--producers'", '--producers', 2)
        self.refuses("needs the other one as well: '--consumers'", '--consumers', 2)
        self.refuses("for cycle and latency, not for: 'put'", '--mode', 'put', '--producers', 1, '--consumers', 1)
        self.refuses("not memory, redis, everysec or fsync: 'disk'", '--durable', 'disk')
        self.refuses("--durable is for ringq, not for: 'nats'", '--durable', 'memory', '--system', 'nats')
        self.refuses("an echo knows put and latency", '--system', 'echo')
        self.refuses('not HOST:PORT', '--url', 'somewhere')
        self.refuses('write ringq://', '--url', 'http://somewhere:80')
        self.refuses('a word too many', 'please')
        self.refuses('20 to 64MiB', '--body', '19')
        self.refuses('NAME=PID', '--process', 'ringqd')

    def test_the_smallest_and_the_largest_that_it_takes(self):
        for option, at, past in (('--batch', 1000, 1001), ('--depth', 4096, 4097), ('--conns', 100000, 100001),
                                 ('--queues', 1000000, 1000001), ('--idle', 1000000, 1000001)):
            self.refuses('allowed', option, past)
            self.assertNotEqual(bench(option, at, '--url', '127.0.0.1:1').returncode, 2)

    def test_nobody_listens(self):
        result = bench('--url', '127.0.0.1:1')
        self.assertEqual(result.returncode, 69)
        self.assertIn('cannot connect', result.stderr)

    def test_help(self):
        self.assertIn('--put-options', bench('--help').stdout)

    def test_the_manual_has_every_option_and_mode_of_the_help(self):
        page = (ringqd.ROOT / 'docs/man/ringq-bench.1.scd').read_text(encoding='utf-8')
        text = bench('--help').stdout
        options = re.findall(r'^ {2}(?:-\w,| {3}) (--[\w-]+)', text, re.M)
        modes = re.findall(r'^ {2}(\w+) ', text.split('modes:\n')[1].split('exit codes')[0], re.M)
        self.assertGreater(len(options), 20)
        self.assertEqual(len(modes), 7)
        for option in options:
            self.assertIn(f'*{option}*', page)
        for mode in modes:
            self.assertIn(f'\n_{mode}_\n', page)


if __name__ == '__main__':
    ringqd.main()
