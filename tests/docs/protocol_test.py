#!/usr/bin/env python3
"""protocol_test - replays the examples of docs/protocol.md, in order, on one connection to a
fresh server; the tables of limits and commands are held against the sources.

SPDX-License-Identifier: MIT
"""
import re
import shutil
import subprocess

import ringqd
import transcripts

PAGE = (ringqd.ROOT / 'docs/protocol.md').read_text(encoding='utf-8')


class Protocol(ringqd.Test):
    durability = 'fsync'

    def test_every_example_is_answered_as_the_page_says(self):
        server = self.start()
        with server.client() as c:
            for line, block in transcripts.blocks(PAGE, 'transcript'):
                for sent, expected in transcripts.exchanges(block):
                    c.raw(sent.encode() + b'\r\n')
                    shown = transcripts.show(c.read())
                    self.assertTrue(transcripts.matches(expected, shown),
                                    f'docs/protocol.md, block at line {line}: {sent}\npage:\n{expected}\nserver:\n{shown}')

    def test_replies_look_as_in_redis_cli(self):
        """What transcripts.show prints is what redis-cli would."""
        if shutil.which('redis-cli') is None:
            self.skipTest('redis-cli is missing: sudo apt-get install redis-tools')
        server = self.start()
        with server.client() as c:
            for queue in ('q1', 'q2'):
                c.call('MPUT', queue, 'BODIES', 2, '0 "\\\n\xe4', '')
            for command in ('GET q1 COUNT 2', 'QSIZE none', 'GET none BLOCK 0', 'PING', 'NONSENSE', 'PING hi', 'JOIN none'):
                by_cli = subprocess.run(['redis-cli', '-p', str(server.port), '--no-raw', *command.split()], text=True,
                                        capture_output=True, check=False).stdout.rstrip('\n')
                c.raw(command.replace('q1', 'q2').encode() + b'\r\n')
                by_us = transcripts.show(c.read())
                self.assertEqual(by_us.replace('q2', 'q1').replace('1-3', '1-1').replace('1-4', '1-2'), by_cli, command)

    def test_every_command_of_the_table_stands_on_the_page(self):
        table = (ringqd.ROOT / 'common/wire/commands.def').read_text(encoding='utf-8')
        for name in re.findall(r'^COMMAND\((\w+),', table, re.M):
            self.assertRegex(PAGE, rf'\b{name}\b')

    def test_every_error_that_the_server_knows_stands_on_the_page_or_is_for_later(self):
        table = (ringqd.ROOT / 'common/base/err.h').read_text(encoding='utf-8')
        later = {'NOAUTH', 'DENIED'}
        for code in set(re.findall(r'X\(RQ_E_\w+, \d+, "(\w+)"', table)) - later:
            self.assertIn(f'| `{code}` |', PAGE)


if __name__ == '__main__':
    ringqd.main()
