#!/usr/bin/env python3
"""readme_test - runs the README: its commands in order, on a terminal, against a fresh
server and the installed library, and compares what they print with what it shows.

The two scripts of its first block are not run from here: tests/run.sh is what runs us, and
docs.quickstart runs the other.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import pty
import re
import shutil
import subprocess

import ringqd
import transcripts

PAGE = (ringqd.ROOT / 'README.md').read_text(encoding='utf-8')
BUILD = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build'))
TOOLS = ('cc', 'pkg-config', 'redis-cli', 'nc')


def on_a_terminal(command, cwd, env):
    """What a person would see, with plain line ends."""
    master, slave = pty.openpty()
    with subprocess.Popen(['bash', '-c', command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=slave,
                          stderr=slave):
        os.close(slave)
        out = b''
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # the last one has closed it
                break
            if not data:
                break
            out += data
    os.close(master)
    return '\n'.join(line.rstrip() for line in out.decode().replace('\r', '').splitlines())


class Readme(ringqd.Test):
    durability = 'everysec'

    def setUp(self):
        super().setUp()
        if ringqd.IS_SANITIZED:
            self.skipTest('a plain program cannot use a library with sanitizers: run it in the release build')
        missing = [t for t in TOOLS if shutil.which(t) is None]
        if missing:
            self.skipTest(f'missing: {missing}; the packages are listed in deploy/packages.sh')

    def environment(self, server):
        prefix = self.directory / 'installed'
        subprocess.run(['cmake', '--install', str(BUILD), '--prefix', str(prefix)], check=True, capture_output=True)
        libs = [p.parent for p in prefix.rglob('ringq.pc')][0]
        env = ringqd.environment(RINGQ_URL=server.url, NO_COLOR='1', TERM='dumb', PKG_CONFIG_PATH=str(libs),
                                 LD_LIBRARY_PATH=str(libs.parent), PATH=f'{prefix}/bin:{os.environ["PATH"]}')
        # The prefix in the file is that of the build.
        for pc in libs.glob('*.pc'):
            pc.write_text(re.sub(r'(?m)^prefix=.*$', f'prefix={prefix}', pc.read_text()))
        return env

    def test_every_console_block_prints_what_the_page_shows(self):
        server = self.start()
        env = self.environment(server)
        (_, program), = transcripts.blocks(PAGE, 'c')
        (self.directory / 'mail.c').write_text(program)
        for line, block in transcripts.blocks(PAGE, 'console'):
            parts = re.split(r'(?m)^\$ (.*)\n', block)[1:]
            for command, expected in zip(parts[::2], parts[1::2]):
                seen = on_a_terminal(command.replace('7766', str(server.port)), self.directory, env)
                self.assertTrue(transcripts.matches(expected.rstrip('\n'), seen),
                                f'README.md, block at line {line}: {command}\npage:\n{expected}\nseen:\n{seen}')

    def test_the_scripts_of_the_first_block_exist_and_parse(self):
        (_, block), = transcripts.blocks(PAGE, 'sh')
        for script in re.findall(r'^sh (\S+)', block, re.M):
            subprocess.run(['sh', '-n', str(ringqd.ROOT / script)], check=True)


if __name__ == '__main__':
    ringqd.main()
