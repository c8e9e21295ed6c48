/* screen - the terminal as a screen: keys in, whole frames out.
 *
 * Handlers of signals do no more than put the terminal back, note the signal, and write
 * to a pipe that wakes screen_wait(); what they call is async-signal-safe.
 * SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The other screen, no cursor; and back, with plain letters. */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
#define LEAVE "\x1b[0m\x1b[?25h\x1b[?1049l"

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum {
    ENDINGS = sizeof endings / sizeof endings[0],
    CRASHES = sizeof crashes / sizeof crashes[0],
};

static struct {
    struct termios usual, ours;
    struct sigaction before[CRASHES];
    int wake[2];
    pid_t owner; /* a fork does not put back what is not its own */
    volatile sig_atomic_t on;
    volatile sig_atomic_t ending;
} screen = {.wake = {-1, -1}};

static void put(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* a terminal that is gone */
        bytes += n;
        len -= (size_t)n;
    }
}

static void enter(void)
{
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.ours);
    put(ENTER, sizeof ENTER - 1);
    screen.on = 1;
}

static void leave(void)
{
    if (!screen.on || getpid() != screen.owner)
        return;
    screen.on = 0;
    put(LEAVE, sizeof LEAVE - 1);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.usual);
}

/* ---- signals ---- */

static void wake(void)
{
    int error = errno;
    ssize_t n = write(screen.wake[1], "", 1);

    (void)n; /* a full pipe wakes, too */
    errno = error;
}

static void on_ending(int number)
{
    screen.ending = number;
    wake();
}

static void on_resize(int number)
{
    (void)number;
    wake();
}

/* Whoever wanted to know of the crash before us still gets to know. */
static void on_crash(int number)
{
    leave();
    for (int i = 0; i < CRASHES; i++) {
        if (crashes[i] == number)
            (void)sigaction(number, &screen.before[i], NULL);
    }
    (void)raise(number);
}

/* Ctrl-Z: stops as if there were no handler, and enters again when it goes on. */
static void on_stop(int number)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    const struct sigaction again = {.sa_handler = on_stop};
    int error = errno;
    sigset_t stop;

    leave();
    (void)sigaction(SIGTSTP, &usual, NULL);
    (void)raise(number);
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTSTP);
    (void)sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops */
    (void)sigaction(SIGTSTP, &again, NULL);
    enter();
    wake();
    errno = error;
}

static void catch_signals(void)
{
    const struct sigaction ending = {.sa_handler = on_ending};
    const struct sigaction resize = {.sa_handler = on_resize};
    const struct sigaction stop = {.sa_handler = on_stop};
    const struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_NODEFER};

    for (int i = 0; i < ENDINGS; i++)
        (void)sigaction(endings[i], &ending, NULL);
    for (int i = 0; i < CRASHES; i++)
        (void)sigaction(crashes[i], &crash, &screen.before[i]);
    (void)sigaction(SIGWINCH, &resize, NULL);
    (void)sigaction(SIGTSTP, &stop, NULL);
}

/* ---- the screen ---- */

int screen_begin(void)
{
    static bool is_registered;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return -ENOTTY;
    if (tcgetattr(STDIN_FILENO, &screen.usual) < 0)
        return -errno;
    if (screen.wake[0] < 0 && pipe2(screen.wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    screen.owner = getpid();
    screen.ours = screen.usual;
    /* ISIG stays: Ctrl-C and Ctrl-Z are signals, also while nobody reads keys. */
    screen.ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    screen.ours.c_cc[VMIN] = 1;
    screen.ours.c_cc[VTIME] = 0;
    if (!is_registered && atexit(leave) != 0)
        return -ENOMEM;
    is_registered = true;
    catch_signals();
    enter();
    return 0;
}

void screen_end(void)
{
    leave();
}

struct screen_size screen_size(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 ||
        size.ws_col == 0)
        return (struct screen_size){24, 80};
    return (struct screen_size){size.ws_row, size.ws_col};
}

void screen_show(const char *frame, size_t len)
{
    put(frame, len);
}

int screen_ending(void)
{
    return screen.ending;
}

/* ---- keys ---- */

static int key_of(const char *bytes, size_t len)
{
    static const struct {
        const char *bytes;
        int key;
    } keys[] = {
        {"\x1b[A", SCREEN_UP},       {"\x1bOA", SCREEN_UP},
        {"\x1b[B", SCREEN_DOWN},     {"\x1bOB", SCREEN_DOWN},
        {"\x1b[5~", SCREEN_PAGE_UP}, {"\x1b[6~", SCREEN_PAGE_DOWN},
        {"\x1b[H", SCREEN_HOME},     {"\x1bOH", SCREEN_HOME},
        {"\x1b[F", SCREEN_END},      {"\x1bOF", SCREEN_END},
    };

    if (bytes[0] != '\x1b')
        return (unsigned char)bytes[0];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (len == strlen(keys[i].bytes) && memcmp(bytes, keys[i].bytes, len) == 0)
            return keys[i].key;
    }
    return SCREEN_NONE;
}

/* A key with more than one byte arrives in one piece; of letters one is taken. */
static int read_key(void)
{
    char bytes[8];
    ssize_t n = read(STDIN_FILENO, bytes, 1);

    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        screen.ending = SIGHUP; /* nobody is there any more */
        return SCREEN_NONE;
    }
    if (n < 0)
        return SCREEN_NONE;
    size_t len = 1;
    struct pollfd more = {.fd = STDIN_FILENO, .events = POLLIN};
    while (bytes[0] == '\x1b' && len < sizeof bytes && poll(&more, 1, 0) > 0 &&
           read(STDIN_FILENO, bytes + len, 1) == 1)
        len++;
    return key_of(bytes, len);
}

int screen_wait(int64_t ms)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = screen.wake[0], .events = POLLIN}};
    char drain[64];

    if (screen.ending)
        return SCREEN_NONE;
    if (poll(fds, 2, ms < INT_MAX ? (int)ms : INT_MAX) <= 0)
        return SCREEN_NONE;
    if (fds[1].revents != 0) {
        ssize_t n = read(screen.wake[0], drain, sizeof drain);
        (void)n;
        return SCREEN_NONE;
    }
    return read_key();
}
