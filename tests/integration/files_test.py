#!/usr/bin/env python3
"""files_test - real work against a reference: the sums of every file under /usr/share/doc,
by eight `ringq work` slots, must be what xargs sha256sum says; plain, and while ringqd is
killed twice and its Redis once.

The worker writes each sum to a file of its own by a rename, so work done twice (delivery is
at least once) leaves one result.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import subprocess
import time

import ringqd

DOCS = pathlib.Path('/usr/share/doc')
FILES_MAX = 1500 if ringqd.IS_SANITIZED else 100_000
SLOTS = 8
# The body is the name.  $0 is the directory of the results.
WORKER = 'f=$(cat) && sha256sum "$f" >"$0/.$RINGQ_JOB_ID" && mv "$0/.$RINGQ_JOB_ID" "$0/$RINGQ_JOB_ID"'


class Files(ringqd.Test):
    durability = 'fsync'

    def setUp(self):
        super().setUp()
        if not os.path.exists(ringqd.RINGQ):
            self.skipTest('no ringq to test with')
        names = sorted(str(p) for p in DOCS.rglob('*') if p.is_file() and not p.is_symlink())[:FILES_MAX]
        self.assertGreater(len(names), 100, 'too few files for a test')
        self.list = self.directory / 'list'
        self.list.write_text('\n'.join(names) + '\n')
        self.names = names
        self.results = self.directory / 'results'
        self.results.mkdir()

    def reference(self):
        with open(self.list, 'rb') as names:
            out = subprocess.run(['xargs', '-d', '\n', 'sha256sum'], stdin=names, capture_output=True, check=True)
        return sorted(out.stdout.decode().splitlines())

    def sums(self):
        return sorted(line for p in self.results.iterdir() if not p.name.startswith('.')
                      for line in p.read_text().splitlines())

    def put_the_list(self, server):
        put = server.ringq('put', 'files', '--lines', self.list)
        self.assertEqual(put.returncode, 0, put.stderr)

    def work(self, server):
        env = ringqd.environment(RINGQ_URL=server.url)
        log = open(self.directory / 'work.log', 'ab')
        self.addCleanup(log.close)
        worker = subprocess.Popen([ringqd.RINGQ, 'work', 'files', '--concurrency', str(SLOTS), '--', 'sh', '-c', WORKER,
                                   str(self.results)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                  preexec_fn=ringqd.die_with_the_test)
        self.addCleanup(self.stop, worker)
        return worker

    @staticmethod
    def stop(worker):
        if worker.poll() is None:
            worker.terminate()
            worker.wait(ringqd.PATIENCE)

    def finish(self, server):
        joined = server.ringq('join', 'files', timeout=300)
        self.assertEqual(joined.returncode, 0, joined.stderr)
        with server.client() as c:
            stats = c.stats('files')
        self.assertEqual((stats['unfinished'], stats['dead'], stats['total_done']), (0, 0, len(self.names)), stats)
        return stats

    def test_the_sums_equal_the_reference(self):
        server = self.start()
        self.put_the_list(server)
        started = time.monotonic()
        worker = self.work(server)
        self.finish(server)
        seconds = time.monotonic() - started
        worker.terminate()
        self.assertEqual(worker.wait(ringqd.PATIENCE), 0, 'SIGTERM lets a worker finish and leave with 0')
        self.assertEqual(self.sums(), self.reference())
        print(f'{len(self.names)} files in {seconds:.1f} s by {SLOTS} slots')

    def test_the_sums_equal_the_reference_though_server_and_redis_are_killed(self):
        # A port that stays, so that the worker finds the server again.
        server = self.server()
        server.args[1] = f'127.0.0.1:{ringqd.free_port()}'
        server.start()
        self.put_the_list(server)
        self.work(server)
        for blow, share in (('server', 0.2), ('redis', 0.4), ('server', 0.6)):
            self.until_done(server, share)
            if blow == 'redis':
                server.kill_redis()
            else:
                server.restart()
        stats = self.finish(server)
        sums = self.sums()
        self.assertEqual(sorted(set(sums)), self.reference())
        print(f'{len(self.names)} files, {stats["total_redelivered"]} delivered again')

    def until_done(self, server, share):
        def enough():
            return len(self.sums()) >= share * len(self.names)
        ringqd.wait_until(enough, f'{share:.0%} of the work', 300)


if __name__ == '__main__':
    ringqd.main()
