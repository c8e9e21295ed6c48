#!/usr/bin/env python3
"""protocol_test - replays the examples of docs/protocol.md, in order, on one connection to a
fresh server; the tables of limits and commands are held against the sources.

SPDX-License-Identifier: MIT
"""
import math
import re
import shutil
import subprocess

import ringqd
import transcripts

PAGE = (ringqd.ROOT / 'docs/protocol.md').read_text(encoding='utf-8')

# What the page writes in several lines, or shorter than the table of commands.
WRITTEN = {
    'MPUT': ['queue [the same options] BODIES n body...'],
    'GET': ['queue[,queue...] [BLOCK ms] [COUNT n] [TTR ms]', 'queue:weight[,queue:weight...]'],
    'TOUCH': ['lease [lease...] [TTR ms] [PROGRESS 0..100 [NOTE text]]', 'ALL [TTR ms]'],
    'JOIN': ['queue[,queue...] [BLOCK ms] [STRICT] [BARRIER]', 'BATCH id [BLOCK ms]'],
    'BATCH': ['NEW [KEEP ms]', 'CLOSE id'],
    'CRON': ['ADD name queue spec body [options of PUT] [TZ zone]', 'DEL name', 'LIST'],
}

# The rows of the page's table of limits, and what its numbers are called in the sources.
LIMITS = {
    'elements of a command': ['RQ_RESP_ELEMENTS_MAX'],
    'verb': ['RQ_RESP_VERB_MAX'],
    'inline line': ['RQ_RESP_INLINE_MAX'],
    'waiting commands of a connection': ['LIMIT_WAITERS_PER_CONNECTION'],
    'leases of a connection': ['LIMIT_LEASES_PER_CONNECTION'],
    'jobs in one GET or PEEK': ['RQ_GET_COUNT_MAX', 'LIMIT_GET_BYTES'],
    'leases in one DONE or TOUCH, ids in one CANCEL or KICK': ['RQ_LEASES_MAX'],
    'headers of a job': ['RQ_HEADERS_MAX', 'RQ_HEADER_NAME_MAX', 'RQ_HEADER_VALUE_MAX'],
    'terms of a MATCH': ['RQ_TERMS_MAX'],
    'ids in one WAIT': ['RQ_WAIT_IDS_MAX'],
    'queues in one GET or JOIN': ['RQ_GET_QUEUES_MAX', 'RQ_WEIGHT_MAX'],
    'name of a queue, a worker or a CRON entry; a pattern': ['RQ_NAME_MAX'],
    '`UNIQUE` key, `GROUP` key': ['RQ_KEY_MAX'],
    'error of a FAIL': ['RQ_ERROR_TEXT_MAX'],
    'note of a TOUCH': ['RQ_NOTE_MAX'],
    'queues': ['LIMIT_QUEUES'],
    'PUTs that wait for room, of all connections': ['LIMIT_HELD_BYTES'],
    'CRON': ['LIMIT_CRONS', 'CRON_SPEC_MAX', 'LIMIT_CRON_BODY_BYTES', 'RQ_CRON_ZONE_MAX'],
    'batches, open or kept': ['LIMIT_BATCHES'],
    'unread replies of a connection': ['LIMIT_OUTPUT_BYTES', '60', '120'],
    'connections': ['LIMIT_CONNECTIONS_DEFAULT'],
}
SHIFT = {'': 0, ' KiB': 10, ' MiB': 20}


def words(text):
    """With one blank between them."""
    return ' '.join(text.split())


def constant(name):
    """The value of an enumerator of the sources; a number is one, too."""
    if name.isdigit():
        return int(name)
    for file in ('wire/command.h', 'wire/resp.h', 'base/name.h', '../server/core/limits.h', '../server/core/cron_spec.h'):
        found = re.search(rf'\b{name} = (\d[\d *]*)(?:<< (\d+))?', (ringqd.ROOT / 'common' / file).read_text(encoding='utf-8'))
        if found:
            return math.prod(int(n) for n in found.group(1).split('*')) << int(found.group(2) or 0)
    raise KeyError(name)


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

    def test_every_command_stands_on_the_page_with_all_that_it_takes(self):
        page = words(PAGE.replace('`', ' '))
        table = (ringqd.ROOT / 'common/wire/commands.def').read_text(encoding='utf-8')
        for name, arguments in re.findall(r'^COMMAND\((\w+), \w+, -?\d+, [^"]*"([^"]*)"', table, re.M):
            for form in WRITTEN.get(name, [arguments]):
                with self.subTest(f'{name} {form}'):
                    self.assertIn(words(f'{name} {form}'), page)
                    self.assertLessEqual(set(re.findall(r'[A-Z]+', form)), set(re.findall(r'[A-Z]+', f'{name} {arguments}')))

    def test_every_option_that_is_read_stands_with_its_command(self):
        table = (ringqd.ROOT / 'common/wire/commands.def').read_text(encoding='utf-8')
        seen = 0
        for file in (ringqd.ROOT / 'common/wire').glob('parse*.c'):
            for verb, block in re.findall(r'rq_option (\w+)_options\[\] = \{\n(.*?)\n\};', file.read_text(encoding='utf-8'), re.S):
                verb = 'BATCH' if verb == 'new' else verb.upper()
                line, = re.findall(rf'^COMMAND\({verb},.*', table, re.M)
                for option in re.findall(r'\.name = "(\w+)"', block):
                    seen += 1
                    self.assertRegex(line, rf'\b{option}\b', f'{verb} {option}')
        self.assertGreater(seen, 50)

    def test_every_field_of_a_reply_stands_on_the_page(self):
        names = set()
        for file in (ringqd.ROOT / 'server/api').glob('*.c'):
            text = file.read_text(encoding='utf-8')
            names |= set(re.findall(r'\b(?:map_\w+|put_id|reply_pair_\w+|rq_resp_bulk_str)\(\S+, "(\w+)"', text))
        self.assertGreater(len(names), 100)
        for name in sorted(names - {'ringq', 'standalone', 'master'}):
            with self.subTest(name):
                self.assertRegex(PAGE, rf'\b{name}\b')

    def test_the_limits_on_the_page_are_those_of_the_sources(self):
        rows = dict(re.findall(r'^\| ([^|`]*(?:`[^|]*)?) \| ([^|]+) \|$', PAGE.split('## Errors')[0], re.M))
        for row, names in LIMITS.items():
            shown = [int(n.replace(',', '')) << SHIFT[unit] for n, unit in re.findall(r'(\d[\d,]*)( [KM]iB)?', rows.pop(row))]
            with self.subTest(row):
                self.assertEqual(shown, [constant(name) for name in names])
        self.assertEqual(set(rows), {'body'}, 'rows that nothing holds')

    def test_every_error_that_the_server_knows_stands_on_the_page_or_is_for_later(self):
        table = (ringqd.ROOT / 'common/base/err.h').read_text(encoding='utf-8')
        later = {'NOAUTH', 'DENIED'}
        for code in set(re.findall(r'X\(RQ_E_\w+, \d+, "(\w+)"', table)) - later:
            self.assertIn(f'| `{code}` |', PAGE)


if __name__ == '__main__':
    ringqd.main()
