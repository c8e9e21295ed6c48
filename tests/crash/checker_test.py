#!/usr/bin/env python3
"""checker_test - plants each kind of broken promise in a history and asks the checker to
name it; and plants what looks wrong but is legal, about which it must say nothing.

Times are in milliseconds here.
SPDX-License-Identifier: MIT
"""
import unittest

import checker
from checker import FAILED, MS, OK, UNKNOWN, Checker, Fault, Op


def op(what, begin, end, outcome=OK, who='w', finish=None, **fields):
    made = Op(what, who, begin * MS, **fields)
    return made.finish(outcome, end * MS, **(finish or {}))


def put(uid, begin, end, outcome=OK, **fields):
    fields.setdefault('id', f'1-{uid}')
    fields.setdefault('queue', 'q')
    fields.setdefault('tries', 25)
    return op('put', begin, end, outcome, uid=uid, **fields)


def get(uid, begin, end, n=1, **fields):
    fields.setdefault('id', f'1-{uid}')
    fields.setdefault('intact', True)
    fields.setdefault('ttr_ms', 1000)
    return op('get', begin, end, uid=uid, lease=f'1-{uid}:{n}', attempt=fields.pop('attempt', n), **fields)


def done(uid, begin, end, n=1, outcome=OK, code=None):
    return op('done', begin, end, outcome, uid=uid, lease=f'1-{uid}:{n}', code=code,
              effect='done' if outcome == OK else None)


def fail(uid, begin, end, n=1, effect='delayed'):
    return op('fail', begin, end, uid=uid, lease=f'1-{uid}:{n}', effect=effect)


def join(begin, end, outcome=OK, **fields):
    return op('join', begin, end, outcome, queues=['q'], **fields)


LIFE = [put(1, 0, 2), get(1, 3, 4), done(1, 5, 6)]
TOTALS = {'total_put': 1, 'total_done': 1, 'total_cancelled': 0, 'total_expired': 0, 'dead': 0, 'unfinished': 0}

# name of the anomaly, history, faults
WRONG = [
    ('LOST', [put(1, 0, 2)], []),
    ('LOST', LIFE + [put(2, 0, 2)], [Fault(3 * MS)]),
    ('STUCK', [put(1, 0, 2), get(1, 3, 4)], []),
    ('STUCK', [put(1, 0, 2), get(1, 3, 4), done(1, 9, 10, 1, FAILED, 'STALE')], [Fault(5 * MS)]),
    ('PHANTOM', [get(1, 3, 4), done(1, 5, 6)], []),
    ('CORRUPT', [put(1, 0, 2), get(1, 3, 4, intact=False), done(1, 5, 6)], []),
    ('WRONG_ID', [put(1, 0, 2), get(1, 3, 4, id='1-7'), done(1, 5, 6)], []),
    ('DELIVERED_AFTER_FAIL', [put(1, 0, 2, FAILED), get(1, 3, 4), done(1, 5, 6)], []),
    ('RESURRECTED', LIFE + [get(1, 7, 8, 2)], [Fault(6 * MS)]),
    ('DOUBLE_DONE', [put(1, 0, 2), get(1, 3, 4), get(1, 6, 7, 2), done(1, 8, 9, 2), done(1, 8, 9, 2)], [Fault(5 * MS)]),
    ('STALE_DONE_ACCEPTED', [put(1, 0, 2), get(1, 3, 4), get(1, 6, 7, 2), done(1, 8, 9, 1)], [Fault(5 * MS)]),
    ('STALE_DONE_ACCEPTED', [put(1, 0, 2), get(1, 3, 4), done(1, 6, 7)], [Fault(5 * MS)]),
    ('VALID_LEASE_REFUSED', [put(1, 0, 2), get(1, 3, 4), done(1, 5, 6, 1, FAILED, 'STALE'),
                             get(1, 2000, 2001, 2), done(1, 2002, 2003, 2)], []),
    ('EARLY_REDELIVERY', [put(1, 0, 2), get(1, 3, 4), get(1, 5, 6, 2), done(1, 7, 8, 2)], []),
    ('EARLY_REDELIVERY', [put(1, 0, 2), get(1, 3, 4, who='a'), get(1, 5, 6, 2), done(1, 7, 8, 2)], [Fault(4 * MS, 'b')]),
    ('LEASE_REUSED', [put(1, 0, 2), get(1, 3, 4), get(1, 6, 7, 1), done(1, 8, 9)], [Fault(5 * MS)]),
    ('LEASE_WENT_BACK', [put(1, 0, 2), get(1, 3, 4, 9), get(1, 6, 7, 2), done(1, 8, 9, 2)], [Fault(5 * MS)]),
    ('DUP_ID', LIFE + [put(2, 0, 2, id='1-1'), get(2, 3, 4, id='1-1'), done(2, 5, 6)], []),
    ('TOO_EARLY', [put(1, 0, 2, delay_ms=100), get(1, 3, 4), done(1, 5, 6)], []),
    ('TOO_MANY_ATTEMPTS', [put(1, 0, 2, tries=1), get(1, 3, 4, attempt=2), done(1, 5, 6)], []),
    ('EARLY_JOIN', [put(1, 0, 2), join(3, 4), get(1, 5, 6), done(1, 7, 8)], []),
    ('EARLY_JOIN', [put(1, 0, 2), get(1, 3, 4), join(4, 5), done(1, 7, 8)], []),  # leased is unfinished
    ('EARLY_JOIN', [put(1, 0, 2), get(1, 3, 4), done(1, 5, 6, 1, UNKNOWN), join(7, 8),  # it believed a DONE
                    get(1, 11, 12, 2), done(1, 13, 14, 2)], [Fault(6 * MS)]),           # that a crash then lost
    ('EARLY_JOIN', [put(1, 0, 2), get(1, 3, 4), fail(1, 5, 6), join(7, 8), get(1, 9, 10, 2), done(1, 11, 12, 2)], []),
    ('EARLY_JOIN', LIFE + [put(2, 1, 2), join(3, 8), get(2, 9, 10), done(2, 11, 12)], []),
    ('STUCK_JOIN', LIFE + [join(7, 9, UNKNOWN, must_end=True)], []),
]

RIGHT = {
    'a plain life': (LIFE, []),
    'an unknown PUT that was delivered': ([put(1, 0, 2, UNKNOWN, id=None), get(1, 3, 4), done(1, 5, 6)], []),
    'an unknown PUT that was not': ([put(1, 0, 2, UNKNOWN)], []),
    'a refused PUT': ([put(1, 0, 2, FAILED)], []),
    'a delivery again after a crash': ([put(1, 0, 2), get(1, 3, 4), get(1, 6, 7, 5), done(1, 8, 9, 5)], [Fault(5 * MS)]),
    'a delivery again after its client was cut': (
        [put(1, 0, 2), get(1, 3, 4, who='a'), get(1, 6, 7, 2), done(1, 8, 9, 2)], [Fault(5 * MS, 'a')]),
    'a delivery again after FAIL': ([put(1, 0, 2), get(1, 3, 4), fail(1, 5, 6), get(1, 7, 8, 2), done(1, 9, 10, 2)], []),
    'a delivery again after the TTR': ([put(1, 0, 2), get(1, 3, 4, ttr_ms=10), get(1, 14, 15, 2), done(1, 16, 17, 2)], []),
    'an unknown DONE and no more': ([put(1, 0, 2), get(1, 3, 4), done(1, 5, 6, 1, UNKNOWN)], [Fault(6 * MS)]),
    'a stale DONE that was refused': (
        [put(1, 0, 2), get(1, 3, 4), get(1, 6, 7, 2), done(1, 8, 9, 1, FAILED, 'STALE'), done(1, 10, 11, 2)],
        [Fault(5 * MS)]),
    'a second DONE that was refused': (LIFE + [done(1, 7, 8, 1, FAILED, 'NOJOB')], []),
    'a dead job': ([put(1, 0, 2), get(1, 3, 4), fail(1, 5, 6, effect='dead')], []),
    'a JOIN while nothing was acknowledged': ([put(1, 0, 5), join(1, 4), get(1, 6, 7), done(1, 8, 9)], []),
    'a JOIN beside the DONE': ([put(1, 0, 2), get(1, 3, 4), join(3, 7), done(1, 5, 6)], []),
    'a JOIN between two jobs': (LIFE + [put(2, 7, 8), join(1, 12), get(2, 13, 14), done(2, 15, 16)], []),
    'a JOIN of another queue': ([put(1, 0, 2, queue='other'), join(3, 4), get(1, 5, 6), done(1, 7, 8)], []),
    'a JOIN that ran out': (LIFE + [join(3, 4, FAILED)], []),
    'a delayed job in time': ([put(1, 0, 2, delay_ms=100), get(1, 3, 101), done(1, 105, 106)], []),
}


class Planted(unittest.TestCase):
    def test_every_planted_lie_is_named(self):
        for kind, ops, faults in WRONG:
            with self.subTest(kind, ops=ops):
                found = {k for k, _, _ in Checker(ops, faults).check()}
                self.assertIn(kind, found)

    def test_every_name_is_planted(self):
        names = {line.split()[0] for line in checker.__doc__.splitlines() if line[:4] == '    ' and line[4:5].isupper()}
        planted = {kind for kind, _, _ in WRONG} | {'COUNT_MISMATCH'}
        self.assertEqual(names, planted)

    def test_what_is_legal_is_not_reported(self):
        for name, (ops, faults) in RIGHT.items():
            with self.subTest(name):
                self.assertEqual(Checker(ops, faults).check(), [])

    def test_a_job_that_the_audit_still_finds_is_stuck(self):
        unknown = [put(1, 0, 2), get(1, 3, 4), done(1, 5, 6, 1, UNKNOWN)]
        self.assertEqual([k for k, _, _ in Checker(unknown).check(audit={1: 'leased'})], ['STUCK'])
        self.assertEqual(Checker(unknown).check(audit={1: 'dead'}), [])

    def test_totals_that_do_not_add_up_are_reported(self):
        self.assertEqual(Checker(LIFE).check(stats={'q': TOTALS}), [])
        for name in TOTALS:
            with self.subTest(name):
                wrong = {**TOTALS, name: TOTALS[name] + 1}
                found = Checker(LIFE).check(stats={'q': wrong})
                self.assertEqual({k for k, _, _ in found}, {'COUNT_MISMATCH'})


if __name__ == '__main__':
    unittest.main()
