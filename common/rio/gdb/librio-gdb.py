"""librio-gdb - gdb commands for programs that use librio, live or in a core file.

    rio tasks               every task of every loop: id, name, state, by group
    rio bt ID|NAME|all      the backtrace of a task that does not run

Loaded by gdb itself where librio is installed under /usr, else by

    (gdb) source .../librio-gdb.py

It needs librio's debug information (a task is read by the names of task.h), and gdb 11 or
newer.  A suspended task is nothing but a saved stack pointer, below which lie the
registers that switch_*.S has pushed.  Registers cannot be written into a core file, so
none are: an unwinder pretends for a moment that the innermost frame was called from
where the task stands, and gdb walks on from there by itself.  That is why gdb's own frame 0
is left out of what is printed.
SPDX-License-Identifier: MIT
"""
import re

import gdb
import gdb.unwinder

# What rio__switch has saved at the stack pointer, as (register, offset); and its size.
SAVED = {
    'x86-64': ((('r15', 0), ('r14', 8), ('r13', 16), ('r12', 24), ('rbx', 32), ('rbp', 40), ('rip', 48)), 56),
    'aarch64': (tuple((f'x{19 + i}', 8 * i) for i in range(12)) + (('pc', 88),), 176),
}
STACK_POINTER = {'x86-64': 'rsp', 'aarch64': 'sp'}
PENDING_LIMIT = 1000000  # a list that is longer than this is a broken one


def machine(architecture):
    name = architecture.name()
    return 'x86-64' if name.startswith('i386:x86-64') else name


# ---- reading the runtime ----

def each_in_list(head, kind, member):
    """The structs `kind` that are linked by `member` into a struct rq_list."""
    struct = gdb.lookup_type(kind)
    offset = next(f.bitpos // 8 for f in struct.fields() if f.name == member)
    byte, link, count = gdb.lookup_type('char').pointer(), head['next'], 0
    while link != head.address and count < PENDING_LIMIT:
        yield (link.cast(byte) - offset).cast(struct.pointer()).dereference()
        link, count = link.dereference()['next'], count + 1


def loops():
    try:
        loop = gdb.parse_and_eval('rio__loops')
        gdb.lookup_type('struct rio__task')
    except gdb.error as e:
        raise gdb.GdbError(f'no librio with debug information in this program ({e})') from e
    while loop != 0:
        yield loop.dereference()
        loop = loop.dereference()['registered']


class Task:
    def __init__(self, loop, value):
        self.value, self.loop = value, loop
        self.id = int(value['id'])
        self.name = value['name'].string(errors='replace') or f'task-{self.id}'
        self.address = int(value.address)
        self.is_running = int(loop['current']) == self.address
        self.is_started = bool(value['started'])

    def state(self):
        wait = self.value['wait']
        if self.is_running:
            return 'running'
        if wait == 0:
            return 'ready' if self.is_started else 'not started'
        joined = wait['joins']
        name = ''
        if joined != 0:
            name = self.name_of_future(joined)
        return wait['what'].string() + name

    def name_of_future(self, future):
        if int(future['kind']) != int(gdb.parse_and_eval('RIO__TASK')):
            return ' a future'
        task = future.cast(gdb.lookup_type('struct rio__task').pointer()).dereference()
        return ' ' + Task(self.loop, task).name

    def parent(self):
        """The address of the task whose group this one is in; 0: none."""
        group = self.value['group']
        return int(group['parent']) if group != 0 else 0


def tasks_of(loop):
    return [Task(loop, v) for v in each_in_list(loop['tasks'], 'struct rio__task', 'all')]


def in_tree(tasks):
    """(depth, task) with the members of its groups below each task."""
    known = {t.address for t in tasks}
    below = {}
    for t in tasks:
        below.setdefault(t.parent() if t.parent() in known else 0, []).append(t)
    todo = [(0, t) for t in reversed(below.get(0, []))]
    while todo:
        depth, task = todo.pop()
        yield depth, task
        todo += [(depth + 1, t) for t in reversed(below.get(task.address, []))]


def thread_of(loop):
    """gdb's thread that runs the loop, or None."""
    inferior = gdb.selected_inferior()
    wanted = int(loop['thread'])
    for thread in inferior.threads():
        try:
            if int.from_bytes(thread.handle(), 'little') == wanted:
                return thread
        except (gdb.error, NotImplementedError):
            return None  # a core file without its libthread_db
    return None


# ---- backtraces ----

class Standing(gdb.unwinder.Unwinder):
    """While `sp` is set: the caller of the innermost frame is the context saved there."""

    class Id:
        def __init__(self, sp, pc):
            self.sp, self.pc = sp, pc

    def __init__(self):
        super().__init__('librio')
        self.sp = None

    def __call__(self, frame):
        if self.sp is None or frame.level() != 0:
            return None
        saved, size = SAVED[machine(frame.architecture())]
        inferior = gdb.selected_inferior()
        words = inferior.read_memory(self.sp, size).tobytes()
        # Stack addresses must grow outwards, so the frame claims to be on this stack.
        info = frame.create_unwind_info(self.Id(gdb.Value(self.sp), frame.read_register('pc')))
        word = gdb.lookup_type('unsigned long')
        for register, offset in saved:
            value = gdb.Value(int.from_bytes(words[offset:offset + 8], 'little')).cast(word)
            info.add_saved_register(register, value)
        info.add_saved_register(STACK_POINTER[machine(frame.architecture())],
                                gdb.Value(self.sp + size).cast(word))
        return info


STANDING = Standing()
gdb.unwinder.register_unwinder(None, STANDING, replace=True)


def frames_at(sp):
    """gdb's lines of a backtrace from the context at `sp`, numbered from 0."""
    selected = gdb.selected_frame().level() if gdb.selected_thread() else 0
    STANDING.sp = sp
    gdb.invalidate_cached_frames()
    try:
        text = gdb.execute('backtrace', to_string=True)
    finally:
        STANDING.sp = None
        gdb.invalidate_cached_frames()
        if selected:
            gdb.execute(f'frame {selected}', to_string=True)
    entries = re.split(r'^(?=#\d)', text, flags=re.M)
    # [0] is what stands before the first frame, [1] is gdb's own frame 0.
    for number, entry in enumerate(entries[2:]):
        yield re.sub(r'^#\d+ *', f'#{number:<3}', entry).rstrip('\n')


def backtrace(task):
    if not task.is_started:
        yield f'not started: {task.value["fn"]}'
    elif task.is_running:
        thread = thread_of(task.loop)
        if thread is not None and thread.is_valid():
            yield f'running in thread {thread.num}: thread apply {thread.num} backtrace'
        else:
            yield "running: it is the backtrace of the loop's thread"
    elif machine(gdb.selected_frame().architecture()) not in SAVED:
        yield 'this machine is not known to librio-gdb.py'
    else:
        yield from frames_at(int(task.value['context']['sp']))


# ---- the commands ----

class Rio(gdb.Command):
    """Tasks of programs that use librio: rio tasks, rio bt."""

    def __init__(self):
        super().__init__('rio', gdb.COMMAND_STACK, prefix=True)


class RioTasks(gdb.Command):
    """Lists the tasks of every loop: id, name, what each waits for; members of a group
    stand below the task that opened it."""

    def __init__(self):
        super().__init__('rio tasks', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        found = False
        for loop in loops():
            found = True
            thread, tasks = thread_of(loop), tasks_of(loop)
            io = loop['io']['name'].string() if loop['io'] != 0 else 'closed'
            where = f', thread {thread.num}' if thread is not None else ''
            gdb.write(f'loop {int(loop.address):#x} ({io}{where}): {len(tasks)} tasks\n')
            for depth, task in in_tree(tasks):
                name = '  ' * depth + task.name
                gdb.write(f'  {task.id:>5}  {name:<32} {task.state()}\n')
        if not found:
            gdb.write('no loop is open\n')


class RioBt(gdb.Command):
    """Prints the backtrace of a task that does not run: rio bt ID|NAME|all."""

    def __init__(self):
        super().__init__('rio bt', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        wanted = argument.strip()
        if not wanted:
            raise gdb.GdbError('which task?  rio bt ID, rio bt NAME, or rio bt all')
        tasks = [t for loop in loops() for t in tasks_of(loop)
                 if wanted in ('all', str(t.id), t.name)]
        if not tasks:
            raise gdb.GdbError(f'no task {wanted}: see rio tasks')
        for task in tasks:
            gdb.write(f'task {task.id} {task.name}: {task.state()}\n')
            for line in backtrace(task):
                gdb.write(f'{line}\n')

    def complete(self, text, word):
        try:
            names = [t.name for loop in loops() for t in tasks_of(loop)] + ['all']
        except gdb.error:
            return gdb.COMPLETE_NONE
        return [n for n in names if n.startswith(text)]


Rio()
RioTasks()
RioBt()
