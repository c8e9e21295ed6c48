#!/usr/bin/env python3
"""faces_test - each command of the protocol and each of its options can be had from the ringq
command, or stands here with the reason why not.

SPDX-License-Identifier: MIT
"""
import re
import subprocess
import unittest

import ringqd

# The command of ringq for each verb; what is called otherwise there, or has no face (None).
FACES = {
    'PUT': ('put', {'BLOCK': '--wait-room', 'NOWAIT': '--no-wait'}),
    'MPUT': ('put', {'BODIES': '--lines'}),
    'GET': ('get', {}),
    'JOIN': ('join', {}),
    'WAIT': ('wait', {'ALL': None}),  # what it does without --any
    'BATCH': ('batch', {}),
    'KICK': ('kick', {'ID': None}),  # ids stand behind the queue
    'CANCEL': ('cancel', {}),
    'PURGE': ('purge', {}),
    'RESCHEDULE': ('reschedule', {}),
    'REQUEUE': ('requeue', {}),
    'PEEK': ('peek', {}),
    'PAUSE': ('pause', {}),
    'RESUME': ('resume', {}),
    'QUEUE': ('queue', {}),
    'SHUTDOWN': ('shutdown', {}),
    'CRON': ('cron', {}),
    'DRAIN': ('drain', {}),
    'UNDRAIN': ('undrain', {}),
    'WATCH': ('stats', {'EVERY': '--watch'}),
    'EVENTS': ('events', {}),
    'STATS': ('stats', {}),
    'QUEUES': ('queues', {}),
    'QSIZE': ('queues', {}),
    'SHOW': ('show', {}),
    'PING': ('ping', {}),
    'HELLO': ('work', {}),
    # Leases belong to a process: `ringq work` says these of the program that it runs.
    'DONE': ('work', {'RESULT': None}),
    'FAIL': ('work', {'ERROR': None, 'DELAY': None, 'DEAD': None}),
    'RELEASE': ('work', {'DELAY': None}),
    'TOUCH': ('work', {'PROGRESS': None, 'NOTE': None}),
}
# For Redis clients only.
OTHERS = {'QUIT', 'COMMAND', 'CLIENT', 'SELECT', 'ECHO', 'RESET', 'AUTH', 'INFO', 'CONFIG'}
# What CRON refuses of PUT's options.
NOT_OF_CRON = {'AT', 'BLOCK', 'NOWAIT', 'REPLACE', 'BATCH', 'DURABLE'}


def options_read():
    """{verb: names} from the tables of the parser."""
    found = {}
    for file in (ringqd.ROOT / 'common/wire').glob('parse*.c'):
        for table, block in re.findall(r'rq_option (\w+)_options\[\] = \{\n(.*?)\n\};', file.read_text(encoding='utf-8'), re.S):
            verb = 'BATCH' if table == 'new' else table.upper()
            found.setdefault(verb, set()).update(re.findall(r'\.name = "(\w+)"', block))
    return found


class Faces(unittest.TestCase):
    @staticmethod
    def page(command):
        return subprocess.run([ringqd.RINGQ, command, '--help'], capture_output=True, text=True, check=True).stdout

    def test_every_verb_has_a_command(self):
        table = (ringqd.ROOT / 'common/wire/commands.def').read_text(encoding='utf-8')
        self.assertEqual(set(re.findall(r'^COMMAND\((\w+),', table, re.M)), set(FACES) | OTHERS)
        for command, _ in FACES.values():
            self.assertIn('usage: ', self.page(command))

    def test_every_option_has_one_there(self):
        for verb, options in options_read().items():
            command, otherwise = FACES[verb]
            self.has(command, {otherwise.get(option, f'--{option.lower()}') for option in options})

    def test_cron_has_those_of_put(self):
        self.has('cron', {f'--{option.lower()}' for option in options_read()['PUT'] - NOT_OF_CRON} | {'--tz'})

    def test_work_keeps_its_leases_under_a_name(self):
        self.has('work', {'--name', '--keep-leases'})

    def has(self, command, flags):
        page = self.page(command)
        for flag in flags - {None}:
            with self.subTest(command=command, flag=flag):
                self.assertRegex(page, rf'(?m)^ +(-\w )?{flag}\b')


if __name__ == '__main__':
    ringqd.main()
