#!/usr/bin/env python3
"""idle_test - thousands of idle connections: what each costs, and whether the busy ones
notice.  The figures are printed; only what cannot depend on the machine is asserted.

SPDX-License-Identifier: MIT
"""
import resource
import time

import ringqd

IDLE = 10_000
PINGS = 2_000


class Idle(ringqd.Test):
    def test_ten_thousand_idle_connections_are_held_and_the_server_answers(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        idle = min(IDLE, hard - 200)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, idle + 200), hard))
        server = self.start('--max-connections', str(idle + 100))
        with server.client() as c:
            few = [self.idle(server) for _ in range(10)]
            self.pings(c)
            p99_few, rss_few = self.pings(c), server.rss_bytes()
            many = [self.idle(server) for _ in range(idle - 10)]
            p99_many, rss_many = self.pings(c), server.rss_bytes()
            self.assertEqual(c.stats()['connections'], idle + 1)
            for client in (*few, *many[:100]):
                self.assertEqual(client.call('PING'), 'PONG', 'an idle connection still works')
            for client in (*few, *many):
                client.close()
            ringqd.wait_until(lambda: c.stats()['connections'] == 1, 'the idle ones to be gone')
        print(f'{idle} idle connections: {(rss_many - rss_few) / (idle - 10):.0f} bytes each (RSS), '
              f'PING p99 {p99_few * 1e6:.0f} us beside 10, {p99_many * 1e6:.0f} us beside {idle}')
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    @staticmethod
    def idle(server):
        client = server.client()
        client.call('PING')  # it was alive once
        return client

    @staticmethod
    def pings(c):
        """The 99th percentile of the round trip."""
        times = []
        for _ in range(PINGS):
            start = time.perf_counter()
            c.call('PING')
            times.append(time.perf_counter() - start)
        return sorted(times)[PINGS * 99 // 100]


if __name__ == '__main__':
    ringqd.main()
