#!/usr/bin/env python3
"""frames_test - what a connection may send: whole, cut, malformed, too long, too much.

After a malformed frame there is one error and a close, and nothing of it is obeyed.
SPDX-License-Identifier: MIT
"""
import socket
import time

import resp
import ringqd

PUT = resp.encode('PUT', 'victim', 'obeyed')


class Malformed(ringqd.SharedTest):
    FRAMES = {
        'an element that is no bulk string': b'*1\r\n+PING\r\n',
        'an integer as an element': b'*2\r\n$4\r\nPING\r\n:1\r\n',
        'a nested array': b'*2\r\n$4\r\nPING\r\n*1\r\n$1\r\nx\r\n',
        'a null bulk string': b'*1\r\n$-1\r\n',
        'a negative length': b'*1\r\n$-5\r\n',
        'a length with a sign': b'*1\r\n$+4\r\nPING\r\n',
        'a length with a blank': b'*1\r\n$ 4\r\nPING\r\n',
        'a length that is no number': b'*1\r\n$x\r\nPING\r\n',
        'no length': b'*1\r\n$\r\nPING\r\n',
        'no count': b'*\r\n',
        'a count that is no number': b'*x\r\n',
        'a count with a sign': b'*+1\r\n$4\r\nPING\r\n',
        'a body longer than declared': b'*1\r\n$3\r\nPING\r\n',
        'no line feed': b'*1\r$4\r\nPING\r\n',
        'a length of 2^31 + 1': b'*1\r\n$2147483649\r\n',
        'a length of 2^32 - 1': b'*1\r\n$4294967295\r\n',
        'a length of 2^64 - 1': b'*1\r\n$18446744073709551615\r\n',
        'a length of 2^64': b'*1\r\n$18446744073709551616\r\n',
        'a count of 2^20 + 1': b'*1048577\r\n',
        'a count of 2^64 - 1': b'*18446744073709551615\r\n',
        'a count of a thousand digits': b'*' + b'9' * 1000 + b'\r\n',
        'a verb of 65 bytes': b'*1\r\n$65\r\n' + b'x' * 65 + b'\r\n',
        'an open quote': b'PUT q "open\r\n',
        'a quote in the middle of a word': b'PUT q "a"b\r\n',
        'an inline line of 64 KiB and a byte': b'PUT q ' + b'x' * 65536 + b'\r\n',
    }

    def test_each_kind_gets_one_error_and_a_close_and_nothing_behind_it_is_obeyed(self):
        for name, frame in self.FRAMES.items():
            with self.subTest(name):
                c = self.connect()
                c.raw(resp.encode('PING') + frame)
                try:
                    c.raw(PUT * 10)
                except ConnectionError:
                    pass  # closed already
                reply = c.rest()
                self.assertTrue(reply.startswith(b'+PONG\r\n-'), reply[:80])
                self.assertEqual(reply.count(b'\r\n'), 2, reply[:200])
        self.assertEqual(self.c.call('QSIZE', 'victim'), 0)

    def test_a_browser_is_turned_away(self):
        self.c.raw(b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nPUT victim obeyed\r\n')
        self.assertTrue(self.c.rest().startswith(b'-'))
        self.assertEqual(self.connect().call('QSIZE', 'victim'), 0)

    def test_random_bytes_never_kill_the_server(self):
        import random
        chance = random.Random(7766)
        for _ in range(200):
            c = self.connect()
            try:
                c.raw(bytes(chance.choice(b'*$\r\n0123456789PUTGE x-+:"\'\\\0\xff') for _ in range(chance.randrange(400))))
                c.sock.shutdown(socket.SHUT_WR)
                c.rest()
            except ConnectionError:
                pass
            c.close()
        self.assertEqual(self.c.call('PING'), 'PONG')

    def test_a_body_over_the_limit_is_refused_from_its_declared_length(self):
        self.c.raw(b'*3\r\n$3\r\nPUT\r\n$6\r\nvictim\r\n$1048577\r\n')
        self.assertTrue(self.c.rest().startswith(b'-TOOBIG '))

    def test_commands_inside_a_refused_body_are_not_obeyed(self):
        body = (PUT * 40000)[:1048577]
        try:
            self.c.raw(b'*3\r\n$3\r\nPUT\r\n$6\r\nvictim\r\n$1048577\r\n' + body + b'\r\n')
            self.c.rest()
        except ConnectionError:
            pass
        self.assertEqual(self.connect().call('QSIZE', 'victim'), 0)


class Whole(ringqd.SharedTest):
    def test_a_command_may_arrive_byte_by_byte(self):
        for byte in resp.encode('PUT', self.q, 'slow\r\n'):
            self.c.raw(bytes([byte]))
        self.assertEqual(self.c.read()[1], b'queued')
        self.assertEqual(self.c.get_now(self.q)['body'], b'slow\r\n')

    def test_empty_arrays_and_blank_lines_are_ignored(self):
        self.c.raw(b'*0\r\n\r\n\n*-1\r\n   \r\n')
        self.assertEqual(self.c.call('PING'), 'PONG')

    def test_a_verb_of_64_bytes_is_only_unknown(self):
        self.c.send('x' * 64)
        self.assertEqual(self.c.read().code, 'ERR')
        self.assertEqual(self.c.call('PING'), 'PONG')

    def test_an_inline_line_is_split_at_blanks_and_quotes_hold_together(self):
        self.c.raw(f'PUT {self.q} hello\r\nput {self.q} "two words"\nPUT {self.q} \'it\\\'s\'\r\n'
                   f'PUT {self.q} "\\x41\\n\\""\r\nPUT   {self.q}   ""  \r\n'.encode())
        self.assertEqual([self.c.read()[1] for _ in range(5)], [b'queued'] * 5)
        bodies = [self.c.get_now(self.q)['body'] for _ in range(5)]
        self.assertEqual(bodies, [b'hello', b'two words', b"it's", b'A\n"', b''])

    def test_an_inline_line_of_64_kib_is_good(self):
        line = f'PUT {self.q} '.encode()
        body = b'x' * (65536 - len(line) - 2)
        self.c.raw(line + body + b'\r\n')
        self.assertEqual(self.c.read()[1], b'queued')
        self.assertEqual(self.c.get_now(self.q)['body'], body)

    def test_inline_and_arrays_mix(self):
        self.c.raw(b'PING\r\n' + resp.encode('PING', 'a') + b'PING b\r\n')
        self.assertEqual([self.c.read() for _ in range(3)], ['PONG', b'a', b'b'])

    def test_commands_before_a_half_close_are_all_answered(self):
        self.c.raw(resp.encode('PUT', self.q, 'x') * 100)
        self.c.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(self.c.rest().count(b'*3\r\n'), 100)

    def test_a_cut_command_before_a_close_is_not_obeyed(self):
        self.c.raw(resp.encode('PUT', self.q, 'whole') + resp.encode('PUT', self.q, 'cut')[:-1])
        self.c.sock.shutdown(socket.SHUT_WR)
        self.c.rest()
        other = self.connect()
        self.assertEqual(other.call('QSIZE', self.q), 1)


class Pipelines(ringqd.SharedTest):
    def test_replies_come_in_the_order_of_the_commands(self):
        commands, expected = [], []
        for i in range(3000):
            commands.append(('PUT', self.q, i) if i % 3 == 0 else ('PING', i))
            expected.append(i)
        replies = self.c.pipeline(commands)
        for i, reply in zip(expected, replies):
            if i % 3:
                self.assertEqual(reply, str(i).encode())
            else:
                self.assertEqual(reply[1], b'queued')
        bodies = [int(self.c.get_now(self.q)['body']) for _ in range(1000)]
        self.assertEqual(bodies, list(range(0, 3000, 3)))

    def test_a_pipeline_of_20000_is_deeper_than_the_limit_and_works(self):
        """Over the depth the connection is not read: nothing is refused."""
        n = 20000
        self.c.raw(resp.encode('PUT', self.q, 'x') * n)
        self.assertEqual(sum(self.c.read()[1] == b'queued' for _ in range(n)), n)
        self.assertEqual(self.c.call('QSIZE', self.q), n)

    def test_a_job_goes_through_a_pipeline_of_its_own_kind(self):
        """64 jobs put, got and done over one connection, each step one write."""
        puts = self.c.pipeline(('PUT', self.q, i) for i in range(64))
        gets = self.c.pipeline(('GET', self.q) for _ in range(64))
        self.assertEqual([resp.as_job(g)['id'].encode() for g in gets], [p[0] for p in puts])
        dones = self.c.pipeline(('DONE', resp.as_job(g)['lease']) for g in gets)
        self.assertEqual(dones, [1] * 64)
        self.c.call('JOIN', self.q)

    def test_a_peer_that_does_not_read_stops_nobody_else(self):
        lazy = self.connect()
        body = b'x' * (1 << 20)
        lazy.sock.settimeout(2)
        try:
            for _ in range(200):
                lazy.send('ECHO', body)
        except TimeoutError:
            pass  # the server has stopped reading, as it should
        else:
            self.fail('200 MiB of unread replies were taken')
        start = time.monotonic()
        self.assertEqual(self.c.call('PING'), 'PONG')
        self.assertLess(time.monotonic() - start, 5)
        self.assertLess(self.server.rss_bytes(), 600 << 20)

    def test_a_slow_reader_gets_everything_in_the_end(self):
        body = b'y' * 100_000
        self.c.raw(resp.encode('ECHO', body) * 20)
        time.sleep(0.3)
        for _ in range(20):
            self.assertEqual(self.c.read(), body)


class FewConnections(ringqd.SharedTest):
    args = ('--max-connections', '4')

    def test_one_connection_too_many_is_told_busy_and_closed(self):
        self.c.call('PING')
        others = [self.connect() for _ in range(3)]
        for c in others:
            c.call('PING')
        extra = self.connect()
        self.assertTrue(extra.rest().startswith(b'-BUSY '))
        others[0].close()
        ringqd.wait_until(self.is_served, 'a place to become free')

    def is_served(self):
        with self.server.client() as c:
            try:
                return c.call('PING') == 'PONG'
            except (resp.Error, ConnectionError):
                return False


if __name__ == '__main__':
    ringqd.main()
