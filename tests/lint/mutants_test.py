#!/usr/bin/env python3
"""mutants_test - plants one violation at a time in a small clean tree: each lint must be
silent about the tree and name the line that was planted.

SPDX-License-Identifier: MIT
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent

# A tree that breaks no rule, though it mentions everything forbidden where it is allowed.
CLEAN = {
    'common/base/clock.c': '#include <time.h>\n#include "base/clock.h"\n'
                           'long now(void)\n{\n    return time(NULL);\n}\n',
    'common/rio/rio.h': 'RIO_AWAITS int rio_sleep(long ns);\n'
                        'RIO_AWAITS RQ_MUST_CHECK int\nrio_read(int fd);\n'
                        'typedef RIO_AWAITS int (*rio_fn)(void);\n'
                        '#ifdef __cplusplus\nextern "C" {\n#endif\nint rio_plain(void);\n',
    'common/rio-http/server.c': '#include "rio/rio.h"\n',
    'common/rio/sleep.c': '#include "rio/rio.h"\n#include "base/clock.h"\n#include <liburing.h>\n'
                          'RIO_AWAITS int rio_sleep(long ns)\n{\n'
                          '    return await(rio_read(0)); /* not rio_read(0) */\n}\n',
    'server/core/job.c': '#include "core/job.h"\n\n#include <string.h>\n\n'
                         '/* strcpy() and "quotes and #include "rio/rio.h" */\n'
                         'static const char text[] = "atoi(1) /* \\" time(0) rio_sleep(1)";\n'
                         'struct ops {\n    long (*time)(void);\n};\n'
                         'long job_age(struct ops *ops)\n{\n'
                         "    return ops->time() + '\"' + job_atoi(text);\n}\n"
                         'static int rio_read(int fd)\n{\n    return fd;\n}\n'
                         'int job_read(void)\n{\n    return rio_read(1);\n}\n',
    'server/api/put.c': '#include "api/api.h"\n#include "rio/rio.h"\n#include "wire/resp.h"\n'
                        'RIO_AWAITS static int wait_for(int fd);\n'
                        'RIO_AWAITS static int wait_for(int fd)\n{\n'
                        '    int rc = await(\n        rio_sleep(5));\n'
                        '    return rc < 0 ? rc : await(rio_read(fd));\n}\n'
                        'static long body(void *arg)\n{\n    return await(wait_for(1));\n}\n'
                        'long start(void)\n{\n    return spawn(body);\n}\n',
    'client/cli/main.c': '#include <ringq/ringq.h>\n#include "cli/command.h"\n#include <stdio.h>\n',
    'tests/unit/base/x_test.c': '#include "rio/rio.h"\n#include "net/conn.h"\n#include <cmocka.h>\n',
    'common/cmake/RingqDeps.cmake': 'ringq_need(URING liburing>=2.3 liburing-dev)\n',
    'deploy/packages.sh': "PACKAGES_build='gcc liburing-dev'\n",
    'docs/a.md': 'Copy it to /usr/local/bin; see /homepage and ~/work/file.\n',
}

# lint, file, line to append at its end, what the lint must say about it
MUTANTS = [
    ('layers', 'server/core/job.c', '#include "rio/rio.h"', 'server/core may not include rio/rio.h'),
    ('layers', 'server/core/job.c', '#  include   "store/store.h"', 'may not include store/store.h'),
    ('layers', 'common/base/clock.c', '#include "wire/resp.h"', 'common/base may not include'),
    ('layers', 'common/rio/sleep.c', '#include "wire/resp.h"', 'common/rio may not include'),
    ('layers', 'common/rio-http/server.c', '#include "rio/task.h"', 'common/rio-http may not include rio/task.h'),
    ('layers', 'common/rio/sleep.c', '#include <curl/curl.h>', 'only common/rio-http may'),
    ('layers', 'client/cli/main.c', '#include "base/buf.h"', 'client/cli may not include base/buf.h'),
    ('layers', 'client/cli/main.c', '#include <base/buf.h>', 'client/cli may not include base/buf.h'),
    ('layers', 'server/core/job.c', '#include "job.h"', 'names no layer'),
    ('layers', 'server/core/job.c', '#include "../store/store.h"', 'names no layer'),
    ('layers', 'server/core/job.c', '#include <liburing.h>', 'only common/rio may'),
    ('layers', 'server/api/put.c', '#include <hiredis/hiredis.h>', 'only server/store'),
    ('banned', 'server/core/job.c', 'int x(char *s) { return atoi(s); }', 'atoi() is banned: use'),
    ('banned', 'server/core/job.c', 'int x(char *s) { return sprintf\n(s, ""); }', 'sprintf() is banned'),
    ('banned', 'tests/unit/base/x_test.c', 'int x(void) { return rand(); }', 'rand() is banned'),
    ('banned', 'server/core/job.c', 'void x(void) { LOG_INFO("event=%s n=1", n); }', 'the name of an event'),
    ('clocks', 'server/core/job.c', 'long x(void) { return time(NULL); }', 'time() reads a clock'),
    ('clocks', 'common/rio/sleep.c', 'long x(void) { return clock_gettime(0, 0); }', 'clock_gettime() reads'),
    ('await', 'server/api/put.c', 'void x(void) { rio_sleep(1); }', 'rio_sleep() suspends'),
    ('await', 'server/api/put.c', 'void x(void) { int rc = rio_read(1); }', 'rio_read() suspends'),
    ('await', 'server/api/put.c', 'void x(void) { if (wait_for(1)) return; }', 'wait_for() suspends'),
    ('await', 'server/api/put.c', 'void x(void) { await(f(rio_sleep(1))); }', 'rio_sleep() suspends'),
    ('await', 'server/api/put.c', 'static int y(void) { return await(rio_sleep(1)); } int x(void) { return y(); }',
     'y() awaits and is called by name'),
    ('await', 'common/rio/rio.h', 'static inline int x(void) { return rio_sleep(1); }', 'rio_sleep() suspends'),
    ('packages', 'common/cmake/RingqDeps.cmake', 'ringq_need(X x>=1 libx-dev)', 'libx-dev is missing'),
    ('paths', 'docs/a.md', 'cd /' + 'work/main', 'is a place on one machine'),
    ('paths', 'docs/a.md', '(/' + 'root/.profile)', 'is a place on one machine'),
    ('paths', 'docs/a.md', 'cmake -B /' + 'tmp/build-x', 'is a place on one machine'),
]


def plant(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')


def lint(name, root):
    return subprocess.run([sys.executable, HERE / f'{name}.py', root], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


class Lints(unittest.TestCase):
    def test_a_clean_tree_is_accepted(self):
        with tempfile.TemporaryDirectory() as tmp:
            plant(pathlib.Path(tmp), CLEAN)
            for name in sorted({m[0] for m in MUTANTS}):
                with self.subTest(name):
                    result = lint(name, tmp)
                    self.assertEqual((result.stdout, result.returncode), ('', 0))

    def test_every_planted_violation_is_named_with_its_line(self):
        for name, file, line, sentence in MUTANTS:
            with self.subTest(lint=name, line=line), tempfile.TemporaryDirectory() as tmp:
                plant(pathlib.Path(tmp), {**CLEAN, file: CLEAN[file] + line + '\n'})
                result = lint(name, tmp)
                where = f'{file}:{CLEAN[file].count(chr(10)) + 1}: '
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertEqual(len(result.stdout.splitlines()), 1, result.stdout)
                self.assertTrue(result.stdout.startswith(where), result.stdout)
                self.assertIn(sentence, result.stdout)

    def test_a_file_that_clang_format_would_change_is_named(self):
        with tempfile.TemporaryDirectory() as tmp:
            style = (HERE.parents[1] / '.clang-format').read_text(encoding='utf-8')
            tidy = 'int twice(int x)\n{\n    return 2 * x;\n}\n'
            plant(pathlib.Path(tmp), {'.clang-format': style, 'common/base/x.c': tidy})
            result = lint('format', tmp)
            if result.returncode == 77:
                self.skipTest(result.stdout.strip())
            self.assertEqual((result.stdout, result.returncode), ('', 0))
            plant(pathlib.Path(tmp), {'common/base/x.c': tidy + 'int  y ;\n'})
            result = lint('format', tmp)
            self.assertEqual(result.returncode, 1)
            self.assertTrue(result.stdout.startswith('common/base/x.c:5: not formatted'), result.stdout)


if __name__ == '__main__':
    unittest.main()
