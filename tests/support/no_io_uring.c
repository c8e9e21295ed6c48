/* no_io_uring - runs a program where io_uring is forbidden, as in many containers: a
 * seccomp filter answers io_uring_setup with EPERM.
 *
 *   no_io_uring PROGRAM [ARG...]
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int forbid(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
    int rc;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: no_io_uring PROGRAM [ARG...]\n");
        return 2;
    }
    rc = forbid();
    if (rc < 0) {
        (void)fprintf(stderr, "no_io_uring: no filter: %s\n", strerror(-rc));
        return 77; /* a kernel without seccomp: the test is skipped */
    }
    (void)execvp(argv[1], argv + 1);
    (void)fprintf(stderr, "no_io_uring: %s: %s\n", argv[1], strerror(errno));
    return 127;
}
