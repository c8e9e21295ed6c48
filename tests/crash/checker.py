"""checker - searches a history of commands for broken promises.

A history is a list of Ops and a list of Faults, in nanoseconds of one monotonic clock.  The
client draws a uid for each job and writes it into the body, so the server's own ids need not
be trusted.  An op whose outcome is not known (the connection broke, or the server said so)
may have happened at any time after it was begun, or never.

    LOST                  an acknowledged job was never delivered
    STUCK                 ... was delivered, and vanished or stayed without an end
    PHANTOM               a delivery of a job that nobody put
    CORRUPT               a body that is not the one that was put
    WRONG_ID              a delivery under another id than the PUT's answer
    DELIVERED_AFTER_FAIL  a job whose PUT was definitely refused
    RESURRECTED           a delivery begun after the job's acknowledged end
    DOUBLE_DONE           two acknowledged DONEs
    STALE_DONE_ACCEPTED   a DONE under a lease that was lost for certain: a newer delivery was
                          known, or the server that gave it had died
    VALID_LEASE_REFUSED   a DONE in time, without any fault, was STALE
    EARLY_REDELIVERY      delivered again while the lease held, without any fault
    LEASE_REUSED          one lease token, two deliveries
    LEASE_WENT_BACK       a later delivery with a smaller lease number
    DUP_ID                one id, two jobs
    TOO_EARLY             delivered before its delay was over
    TOO_MANY_ATTEMPTS     an attempt number above TRIES
    EARLY_JOIN            JOIN answered although some job was unfinished all the time
    STUCK_JOIN            a JOIN that should have ended did not
    COUNT_MISMATCH        the server's own totals do not add up
SPDX-License-Identifier: MIT
"""
import bisect
from collections import defaultdict

NEVER = 1 << 62
MS = 1_000_000

PENDING, OK, FAILED, UNKNOWN = 'pending', 'ok', 'failed', 'unknown'


class Op:
    """One command of one client."""

    __slots__ = ('what', 'who', 'begin', 'end', 'outcome', 'uid', 'queue', 'queues', 'delay_ms', 'tries',
                 'ttr_ms', 'id', 'lease', 'attempt', 'intact', 'code', 'effect', 'must_end')

    def __init__(self, what, who, begin, **fields):
        self.what, self.who, self.begin = what, who, begin
        self.end, self.outcome = NEVER, PENDING
        for name in self.__slots__[5:]:
            setattr(self, name, fields.pop(name, None))
        assert not fields, fields

    def finish(self, outcome, end, **fields):
        for name, value in fields.items():
            setattr(self, name, value)
        # What is not known to have ended may still end later.
        self.outcome, self.end = outcome, NEVER if outcome == UNKNOWN else end
        return self

    @property
    def is_open(self):
        """May it have happened although nobody said so?"""
        return self.outcome in (PENDING, UNKNOWN)

    def __repr__(self):
        fields = ' '.join(f'{n}={getattr(self, n)}' for n in self.__slots__ if getattr(self, n) is not None)
        return f'<{fields}>'


class Fault:
    """An end of leases: everybody's by a kill of the server (`who` None), or one client's by a
    lost connection.  A kill of Redis ends none.  `time`: when the server was dead, and its
    successor not yet begun."""

    def __init__(self, time, who=None):
        self.time, self.who = time, who


def lease_number(lease):
    return int(lease.rpartition(':')[2])


class Checker:
    """Reads a whole history; found(kind, uid, detail) collects."""

    def __init__(self, ops, faults=(), slack_ms=2):
        self.anomalies = []
        self.slack = slack_ms * MS
        self.puts, self.joins = {}, []
        self.deliveries, self.settled = defaultdict(list), defaultdict(list)
        self.everybody = sorted(f.time for f in faults if f.who is None)
        self.cuts = defaultdict(list)
        for f in sorted(faults, key=lambda f: f.time):
            if f.who is not None:
                self.cuts[f.who].append(f.time)
        for op in ops:
            self._file(op)
        for gets in self.deliveries.values():
            gets.sort(key=lambda g: g.end)

    def _file(self, op):
        if op.what == 'put':
            self.puts[op.uid] = op
        elif op.what == 'get' and op.uid is not None:
            self.deliveries[op.uid].append(op)
        elif op.what in ('done', 'fail', 'release'):
            self.settled[op.uid].append(op)
        elif op.what == 'join':
            self.joins.append(op)

    def found(self, kind, uid, detail):
        self.anomalies.append((kind, uid, str(detail)))

    def fault_between(self, begin, end, who):
        """Could a lease of `who` have been lost in [begin, end]?"""
        for times in (self.everybody, self.cuts.get(who, ())):
            i = bisect.bisect_left(times, begin)
            if i < len(times) and times[i] <= end:
                return True
        return False

    def may_have_ended(self, uid):
        """The ops that ended the job, or may have."""
        return [o for o in self.settled[uid]
                if (o.is_open and o.what != 'release') or (o.outcome == OK and o.effect in ('done', 'dead'))]

    def check(self, drained=True, audit=None, stats=None):
        """All anomalies as (kind, uid, detail).  `drained`: the load ran until the queues were
        empty.  `audit`: {uid: state} of what SHOW still knew then.  `stats`: the queues'
        totals then, {queue: map}."""
        self._ids()
        for uid, gets in self.deliveries.items():
            if uid not in self.puts:
                self.found('PHANTOM', uid, gets[0])
                continue
            self._deliveries(self.puts[uid], gets)
        for uid in list(self.settled):
            self._ends(uid)
        self._joins()
        if drained:
            self._leftovers(audit or {})
        for queue, totals in (stats or {}).items():
            self._totals(queue, totals)
        return self.anomalies

    # ---- each job ----

    def _ids(self):
        owner = {}
        for uid, put in self.puts.items():
            if put.outcome == OK and owner.setdefault(put.id, uid) != uid:
                self.found('DUP_ID', uid, f'{put.id} is also {owner[put.id]}')

    def _deliveries(self, put, gets):
        uid, leases = put.uid, set()
        ended = min((o.end for o in self.settled[uid] if o.outcome == OK and o.effect == 'done'),
                    default=NEVER)
        for i, get in enumerate(gets):
            if put.outcome == FAILED:
                self.found('DELIVERED_AFTER_FAIL', uid, get)
            if not get.intact:
                self.found('CORRUPT', uid, get)
            if put.outcome == OK and get.id != put.id:
                self.found('WRONG_ID', uid, f'{get.id}, put as {put.id}')
            if get.lease in leases:
                self.found('LEASE_REUSED', uid, get.lease)
            leases.add(get.lease)
            if put.delay_ms and get.end < put.begin + put.delay_ms * MS - self.slack:
                self.found('TOO_EARLY', uid, get)
            if put.tries and get.attempt > put.tries:
                self.found('TOO_MANY_ATTEMPTS', uid, get)
            if get.begin > ended:
                self.found('RESURRECTED', uid, get)
            if i:
                self._redelivery(uid, gets[i - 1], get)

    def _redelivery(self, uid, before, get):
        if get.begin > before.end and lease_number(get.lease) < lease_number(before.lease):
            self.found('LEASE_WENT_BACK', uid, f'{before.lease}, then {get.lease}')
        if get.end >= before.begin + before.ttr_ms * MS - self.slack:
            return
        if self.fault_between(before.begin, get.end, before.who):
            return
        if any(o.what in ('fail', 'release') and o.begin <= get.end for o in self.settled[uid]):
            return
        self.found('EARLY_REDELIVERY', uid, f'{before.lease}, then {get.lease}')

    def _ends(self, uid):
        dones = [o for o in self.settled[uid] if o.what == 'done' and o.outcome == OK]
        if len(dones) > 1:
            self.found('DOUBLE_DONE', uid, [o.lease for o in dones])
        for done in dones:
            for get in self.deliveries[uid]:
                if get.end < done.begin and lease_number(get.lease) > lease_number(done.lease):
                    self.found('STALE_DONE_ACCEPTED', uid, f'{done.lease} after {get.lease}')
                if get.lease == done.lease and any(get.begin < t < done.begin for t in self.everybody):
                    self.found('STALE_DONE_ACCEPTED', uid, f'{done.lease} of a server that had died')
        for op in self.settled[uid]:
            if op.what == 'done' and op.outcome == FAILED and op.code in ('STALE', 'NOJOB'):
                self._refusal(uid, op)

    def _refusal(self, uid, done):
        """Was the lease surely valid?"""
        for get in self.deliveries[uid]:
            others = [o for o in self.settled[uid] if o is not done and o.begin <= done.end]
            if (get.lease == done.lease and not others
                    and done.end < get.begin + get.ttr_ms * MS - self.slack
                    and not self.fault_between(get.begin, done.end, get.who)):
                self.found('VALID_LEASE_REFUSED', uid, done)

    # ---- JOIN ----

    def _unfinished_spans(self):
        """Per queue: [(begin, end, uid)] in which a job was unfinished beyond doubt: from its
        PUT's answer until something was begun that may have ended it; and, an end being
        final, until the last delivery was asked for."""
        spans = defaultdict(list)
        for uid, put in self.puts.items():
            if put.outcome != OK:
                continue
            end = min((o.begin for o in self.may_have_ended(uid)), default=NEVER)
            end = max([end] + [g.begin for g in self.deliveries[uid]])
            if end > put.end:
                spans[put.queue].append((put.end, end, uid))
        return spans

    def _joins(self):
        spans = self._unfinished_spans()
        for found in spans.values():
            found.sort()
        for join in self.joins:
            if join.outcome == OK:
                self._join(join, sorted(s for q in join.queues for s in spans[q]))
            elif join.must_end:
                self.found('STUCK_JOIN', None, join)

    def _join(self, join, spans):
        """It lied if the spans leave no instant of [begin, end] uncovered."""
        covered, culprit = join.begin, None
        for begin, end, uid in spans:
            if begin >= covered:
                break
            if end > covered:
                covered, culprit = end, uid
        if covered > join.end:
            self.found('EARLY_JOIN', culprit, join)

    # ---- the end of the run ----

    def _leftovers(self, audit):
        for uid, put in self.puts.items():
            if put.outcome != OK:
                continue
            if not self.may_have_ended(uid):
                self.found('STUCK' if self.deliveries[uid] else 'LOST', uid, put)
            elif audit.get(uid, 'dead') != 'dead':
                self.found('STUCK', uid, f'still {audit[uid]} after the drain')

    def _totals(self, queue, totals):
        mine = [p for p in self.puts.values() if p.queue == queue]
        surely = sum(p.outcome == OK for p in mine)
        perhaps = surely + sum(p.is_open for p in mine)
        if not surely <= totals['total_put'] <= perhaps:
            self.found('COUNT_MISMATCH', None, f'{queue}: total_put {totals["total_put"]}, '
                                               f'acknowledged {surely}, at most {perhaps}')
        ends = sum(totals[n] for n in ('total_done', 'total_cancelled', 'total_expired', 'dead', 'unfinished'))
        if ends != totals['total_put']:
            self.found('COUNT_MISMATCH', None, f'{queue}: {totals}')
