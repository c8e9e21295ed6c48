#!/usr/bin/env python3
"""connection_test - HELLO and the small talk of ordinary Redis clients.

SPDX-License-Identifier: MIT
"""

import resp
import ringqd


class Connection(ringqd.SharedTest):
    def test_hello_names_version_durability_and_limits(self):
        hello = resp.pairs(self.c.call('HELLO'))
        self.assertEqual(hello['server'], b'ringq')
        self.assertEqual(hello['proto'], 2)
        self.assertEqual(hello['durability'], b'redis')
        self.assertEqual(hello['body_max'], 1 << 20)
        self.assertGreater(hello['connections_max'], 0)

    def test_hello_3_switches_to_resp3_and_hello_2_back(self):
        self.assertIsInstance(self.c.call('HELLO', 3), dict)
        self.c.put(self.q, 'x')
        job = self.c.call('GET', self.q)
        self.assertIsInstance(job, dict)
        self.c.raw(resp.encode('GET', self.q, 'BLOCK', 0))
        self.assertEqual(self.c.sock.recv(100), b'_\r\n')
        self.assertIsInstance(self.c.call('HELLO', 2), list)
        self.c.raw(resp.encode('GET', self.q, 'BLOCK', 0))
        self.assertEqual(self.c.sock.recv(100), b'*-1\r\n')

    def test_hello_4_is_refused_in_the_word_that_clients_fall_back_on(self):
        self.refuses(self.c, 'NOPROTO', 'HELLO', 4)
        self.assertEqual(self.c.call('PING'), 'PONG')

    def test_hello_takes_a_name(self):
        self.c.call('HELLO', 2, 'NAME', 'mailer.1')
        self.assertEqual(self.c.call('CLIENT', 'GETNAME'), b'mailer.1')

    def test_hello_refuses_a_name_outside_the_grammar(self):
        self.refuses(self.c, 'BADARG', 'HELLO', 2, 'NAME', 'a b')
        self.refuses(self.c, 'BADARG', 'HELLO', 2, 'NAME', 'x' * 129)
        self.c.call('HELLO', 2, 'NAME', 'x' * 128)

    def test_hello_refuses_an_unknown_option(self):
        self.refuses(self.c, 'BADARG', 'HELLO', 2, 'COLOUR', 'red')

    def test_ping_answers_pong_or_its_text(self):
        self.assertEqual(self.c.call('PING'), 'PONG')
        self.assertEqual(self.c.call('PING', 'hi\r\n\0'), b'hi\r\n\0')
        self.refuses(self.c, 'ERR', 'PING', 'a', 'b')

    def test_verbs_are_known_in_any_case(self):
        self.assertEqual(self.c.call('pInG'), 'PONG')

    def test_echo_gives_the_bytes_back(self):
        self.assertEqual(self.c.call('ECHO', bytes(range(256))), bytes(range(256)))

    def test_quit_answers_and_closes(self):
        self.assertEqual(self.c.call('QUIT'), 'OK')
        self.assertTrue(self.c.is_closed())

    def test_what_follows_quit_is_not_obeyed(self):
        self.c.raw(resp.encode('QUIT') + resp.encode('PUT', self.q, 'x'))
        self.assertEqual(self.c.rest(), b'+OK\r\n')
        self.assertEqual(self.connect().call('QSIZE', self.q), 0)

    def test_reset_goes_back_to_resp2_without_a_name(self):
        self.c.call('HELLO', 3, 'NAME', 'n')
        self.assertEqual(self.c.call('RESET'), 'RESET')
        self.assertEqual(self.c.call('CLIENT', 'GETNAME'), b'')
        self.assertIsInstance(self.c.call('HELLO'), list)

    def test_select_knows_database_0_only(self):
        self.assertEqual(self.c.call('SELECT', 0), 'OK')
        self.refuses(self.c, 'BADARG', 'SELECT', 1)

    def test_client_keeps_a_name_and_ids_differ(self):
        self.assertEqual(self.c.call('CLIENT', 'SETNAME', 'w'), 'OK')
        self.assertEqual(self.c.call('CLIENT', 'GETNAME'), b'w')
        self.assertEqual(self.c.call('CLIENT', 'SETINFO', 'LIB-NAME', 'redis-py'), 'OK')
        self.assertNotEqual(self.c.call('CLIENT', 'ID'), self.connect().call('CLIENT', 'ID'))
        self.refuses(self.c, 'BADARG', 'CLIENT', 'KILL')

    def test_command_satisfies_redis_clients(self):
        self.assertGreaterEqual(self.c.call('COMMAND', 'COUNT'), 15)
        self.assertEqual(self.c.call('COMMAND'), [])
        self.assertEqual(self.c.call('COMMAND', 'DOCS'), [])

    def test_info_has_the_lines_that_clients_look_for(self):
        info = self.c.call('INFO').decode()
        self.assertIn('redis_mode:standalone\r\n', info)
        self.assertIn('loading:0\r\n', info)
        self.assertIn('durability:redis\r\n', info)
        self.assertEqual(self.c.call('INFO', 'server')[:1], b'#')

    def test_config_get_answers_what_matches_else_nothing(self):
        self.assertEqual(resp.pairs(self.c.call('CONFIG', 'GET', 'durability')), {'durability': b'redis'})
        self.assertEqual(self.c.call('CONFIG', 'GET', 'nosuch*'), [])
        self.refuses(self.c, 'BADARG', 'CONFIG', 'SET', 'a', 'b')

    def test_auth_is_refused_with_an_explanation(self):
        self.assertIn('password', self.refuses(self.c, 'BADARG', 'AUTH', 'secret'))

    def test_an_unknown_command_is_an_error_and_the_connection_goes_on(self):
        self.assertIn('unknown command', self.refuses(self.c, 'ERR', 'FLUSHALL'))
        self.assertEqual(self.c.call('PING'), 'PONG')

    def test_the_error_for_an_unknown_command_cannot_inject_a_reply(self):
        self.c.send('A\r\n+OK\r\nB')
        self.assertIsInstance(self.c.read(), resp.Error)
        self.assertEqual(self.c.call('PING'), 'PONG')

    def test_too_few_and_too_many_words_are_errors(self):
        for words in (['PUT'], ['PUT', 'q'], ['GET'], ['DONE'], ['FAIL'], ['RELEASE'], ['TOUCH'], ['JOIN'], ['QSIZE'],
                      ['QSIZE', 'a', 'b'], ['SHOW'], ['QUIT', 'now'], ['ECHO'], ['MPUT', 'q', 'BODIES', '1'],
                      ['SELECT'], ['CONFIG', 'GET']):
            with self.subTest(words):
                self.refuses(self.c, 'ERR', *words)

    def test_a_unix_socket_speaks_the_same(self):
        with self.server.unix_client() as c:
            job = c.put(self.q, 'by unix')
        self.assertEqual(self.c.get_now(self.q)['id'], job)


if __name__ == '__main__':
    ringqd.main()
