#!/usr/bin/env python3
"""cli_top_test - `ringq top` in a pseudo terminal: what stands on the screen, what keys do, and
that the terminal is put back whatever ends it.

SPDX-License-Identifier: MIT
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

import ringqd

ESCAPE = re.compile(rb'\x1b\[(\?)?([\d;]*)([A-Za-z])')


class Screen:
    """As much of a terminal as `ringq top` uses."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines = [''] * rows
        self.row = self.column = 0
        self.other = False  # the alternate screen
        self.cursor = True
        self.rest = b''

    def feed(self, data):
        data, self.rest = self.rest + data, b''
        while data:
            if data[:1] == b'\x1b':
                found = ESCAPE.match(data)
                if not found:
                    self.rest = data
                    return
                self.obey(found[1] is not None, found[2].decode(), found[3].decode())
                data = data[found.end():]
            else:
                text = re.match(rb'[^\x1b\r\n]+|\r|\n', data)[0]
                self.write(text)
                data = data[len(text):]

    def write(self, text):
        if text == b'\r':
            self.column = 0
        elif text == b'\n':
            self.row += 1
            if self.row == self.rows:
                assert not self.other, 'the screen scrolled'
                self.lines, self.row = self.lines[1:] + [''], self.row - 1
        else:
            text = text.decode(errors='replace')
            assert self.column + len(text) <= self.columns or not self.other, f'too wide: {text!r}'
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + text + line[self.column + len(text):]
            self.column += len(text)

    def obey(self, private, numbers, letter):
        if private:
            if numbers == '1049':
                self.other = letter == 'h'
            elif numbers == '25':
                self.cursor = letter == 'h'
        elif letter == 'H':
            self.row, self.column = ([int(n) - 1 for n in numbers.split(';')] if numbers else [0, 0])
        elif letter == 'K':
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == 'J':
            below = 0 if numbers == '2' else self.row + (self.column > 0)
            self.lines[below:] = [''] * (self.rows - below)
        else:
            assert letter == 'm', letter


def state_of(pid):
    with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
        return file.read().rpartition(')')[2].split()[0]


def become_a_job(pid_file):
    """Forks: the child is the foreground job of a session, whose leader waits for it.  Only so
    the kernel stops it at Ctrl-Z."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        ringqd.die_with_the_test()
        with open(pid_file, 'w', encoding='utf-8') as file:
            file.write(str(os.getpid()))
        return
    os.closerange(3, 256)  # Popen waits for the end of one of them
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xff)


class Terminal:
    """Runs `ringq top` on a terminal of its own."""

    def top(self, url, *args, rows=24, columns=100, as_job=None, **env):
        self.screen = Screen(rows, columns)
        controller, terminal = pty.openpty()
        self.fd, self.terminal = controller, terminal
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.close, controller)
        self.size(rows, columns)
        self.before = termios.tcgetattr(terminal)

        def own_terminal():
            ringqd.die_with_the_test()
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if as_job:
                become_a_job(as_job)
        self.child = subprocess.Popen([ringqd.RINGQ, 'top', *args], stdin=terminal, stdout=terminal, stderr=terminal,
                                      preexec_fn=own_terminal,
                                      env=ringqd.environment(**{'RINGQ_URL': url, 'TERM': 'xterm', 'LANG': 'C.UTF-8', **env}))
        self.addCleanup(self.end)

    def end(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def size(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def pump(self, seconds=0.05):
        while select.select([self.fd], [], [], seconds)[0]:
            self.screen.feed(os.read(self.fd, 65536))

    def until(self, condition, what):
        end = time.monotonic() + ringqd.PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, f'{what}:\n' + '\n'.join(self.screen.lines))
            self.pump()

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def names(self):
        return [line.split()[0] for line in self.screen.lines[4:-1] if line]

    def row(self, name):
        return next((line.split() for line in self.screen.lines if line.startswith(f'{name} ')), None)

    def put_back(self, code):
        """It has ended so, and the terminal is as it was."""
        self.until(lambda: self.child.poll() is not None, 'it ends')
        self.pump()
        self.assertEqual(self.child.returncode, code)
        self.assertFalse(self.screen.other)
        self.assertTrue(self.screen.cursor)
        self.assertEqual(termios.tcgetattr(self.terminal), self.before)


class Top(Terminal, ringqd.SharedTest):
    count = 0

    def setUp(self):
        super().setUp()
        Top.count += 1
        self.q = f'mail{Top.count}'  # short enough for every width

    def start(self, *args, **how):
        self.top(self.server.url, *args, **how)

    def test_the_figures_of_a_queue_follow_what_happens(self):
        self.c.call('MPUT', self.q, 'BODIES', 3, *'abc')
        self.start(self.q, '--interval', '100ms')
        self.until(lambda: self.row(self.q), 'the queue is there')
        self.assertTrue(self.screen.other)
        self.assertFalse(self.screen.cursor)
        self.assertEqual(self.row(self.q)[1:5], ['3', '-', '-', '-'])
        self.assertIn(f'ringq work {self.q} -- CMD', self.screen.lines[2])
        job = self.c.get(self.q)
        self.until(lambda: self.row(self.q)[1:4] == ['2', '-', '1'], 'one is leased')
        self.c.call('FAIL', job['lease'], 'DEAD')
        self.until(lambda: self.row(self.q)[1:5] == ['2', '-', '-', '1'], 'it is dead')
        self.c.call('PAUSE', self.q)
        self.until(lambda: self.row(self.q)[-1] == 'paused', 'its state')
        self.assertIn(f'ringq dead list {self.q}', self.screen.lines[2])
        self.type('q')
        self.put_back(0)

    def test_keys_sort_turn_round_and_stop_it(self):
        names = [f'{self.q}-{x}' for x in 'abc']
        for name, ready in zip(names, (1, 3, 2)):
            self.c.call('MPUT', name, 'BODIES', ready, *range(ready))
        self.start(f'{self.q}-*', '--interval', '100ms')
        self.until(lambda: self.names() == [names[1], names[2], names[0]], 'the fullest first')
        self.type('r')
        self.until(lambda: self.names() == [names[0], names[2], names[1]], 'the emptiest first')
        self.type('rS')
        self.until(lambda: self.names() == names and '*queue' in self.screen.lines[3], 'by name')
        self.type('p')
        self.until(lambda: '(paused)' in self.screen.lines[0], 'it stands still')
        self.c.put(names[0], 'x')
        self.pump(0.3)
        self.assertEqual(self.row(names[0])[1], '1')
        self.type('p')
        self.until(lambda: self.row(names[0])[1] == '2', 'it goes on')
        self.type('q')
        self.put_back(0)

    def test_it_fits_a_terminal_that_changes_its_size(self):
        for i in range(40):
            self.c.put(f'{self.q}-{i:02}', 'x')
        self.start(f'{self.q}-*', '--sort', 'queue', '--interval', '60s')
        self.until(lambda: len(self.names()) == 19, 'as many as fit')
        self.screen = Screen(12, 60)
        self.size(12, 60)  # SIGWINCH
        self.until(lambda: self.screen.lines[-1].startswith('q quit'), 'it is drawn anew, without a sample')
        self.assertEqual(self.names(), [f'{self.q}-{i:02}' for i in range(7)])
        self.type('j\x1b[B')
        self.until(lambda: self.names()[:1] == [f'{self.q}-02'], 'two lines down')
        self.type('\x1b[F')
        self.until(lambda: self.names()[-1:] == [f'{self.q}-39'], 'at the end')
        self.type('q')
        self.put_back(0)

    def test_control_c_and_signals_put_the_terminal_back(self):
        for number, code in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP), (signal.SIGSEGV, None)):
            with self.subTest(number):
                self.start(self.q)
                self.until(lambda: self.screen.lines[-1].startswith('q quit'), 'the screen')
                self.child.send_signal(number)
                self.until(lambda: self.child.poll() is not None, 'it ends')
                self.put_back(self.child.returncode if code is None else code)
                self.assertNotEqual(self.child.returncode, 0)
        self.start(self.q)
        self.until(lambda: self.screen.lines[-1].startswith('q quit'), 'the screen')
        self.type('\x03')
        self.put_back(0)

    def test_control_z_puts_it_back_until_it_goes_on(self):
        pid_file = f'{self.directory}/{self.q}.pid'
        self.start(self.q, '--interval', '100ms', as_job=pid_file)
        self.until(lambda: self.screen.lines[-1].startswith('q quit'), 'the screen')
        with open(pid_file, encoding='utf-8') as file:
            pid = int(file.read())
        self.type('\x1a')
        self.until(lambda: not self.screen.other, 'it is put back')
        ringqd.wait_until(lambda: state_of(pid) == 'T', 'it stops')
        self.assertEqual(termios.tcgetattr(self.terminal), self.before)
        self.assertTrue(self.screen.cursor)
        os.kill(pid, signal.SIGCONT)
        self.until(lambda: self.screen.other and self.screen.lines[-1].startswith('q quit'), 'it is there again')
        self.type('q')
        self.put_back(0)

    def test_where_no_screen_is_it_is_one_text(self):
        self.c.put(self.q, 'x')
        run = {'env': ringqd.environment(RINGQ_URL=self.server.url, TERM='xterm'), 'capture_output': True, 'text': True,
               'timeout': ringqd.PATIENCE, 'stdin': subprocess.DEVNULL, 'check': False}
        done = subprocess.run([ringqd.RINGQ, 'top', self.q], **run)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertNotIn('\x1b', done.stdout)
        self.assertEqual(done.stdout.splitlines()[4].split()[:2], [self.q, '1'])
        for wrong in ('--json', '--sort=best', '--interval=1ms'):
            self.assertEqual(subprocess.run([ringqd.RINGQ, 'top', wrong], **run).returncode, 2)
        self.start(self.q, TERM='dumb')
        self.until(lambda: self.child.poll() is not None, 'it ends')
        self.assertEqual(self.child.returncode, 0)

    def test_without_a_server_it_does_not_begin(self):
        self.top('ringq://127.0.0.1:1', columns=200)
        self.put_back(69)


class Away(Terminal, ringqd.Test):
    def test_a_server_that_goes_away_is_awaited(self):
        server = self.start(durability='fsync')
        with server.client() as c:
            c.put('mail', 'x')
        self.top(f'unix:{self.directory}/ringqd.sock', '--interval', '100ms')
        self.until(lambda: self.row('mail'), 'the queue is there')
        server.kill()
        self.until(lambda: 'DISCONNECTED' in self.screen.lines[2], 'it says so')
        self.assertEqual(self.row('mail')[1], '1')
        server.start()
        self.until(lambda: 'ringq work mail' in self.screen.lines[2], 'it goes on')
        self.type('q')
        self.put_back(0)


if __name__ == '__main__':
    unittest.main()
