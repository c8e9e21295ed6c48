/* kernel_calls.h - what the simulated kernel stands in for; the linker makes `f` of
 * each
 * __wrap_f, and `__real_f` of the C library's f.  CMakeLists.txt has the list once
 * more. SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_CALLS_H
#define SIM_KERNEL_CALLS_H

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/slice.h"

struct epoll_event;

int __wrap_socket(int family, int type, int protocol);
int __real_socket(int family, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);
int __real_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_listen(int fd, int backlog);
int __real_listen(int fd, int backlog);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
int __wrap_shutdown(int fd, int how);
int __real_shutdown(int fd, int how);
int __wrap_close(int fd);
int __real_close(int fd);
int __wrap_fcntl(int fd, int command, ...);
int __real_fcntl(int fd, int command, ...);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_stat(const char *name, struct stat *st);
int __real_stat(const char *name, struct stat *st);
int __wrap_lstat(const char *name, struct stat *st);
int __real_lstat(const char *name, struct stat *st);
/* Their names in a file that was compiled with _FILE_OFFSET_BITS=64. */
int __wrap_stat64(const char *name, struct stat *st);
int __wrap_lstat64(const char *name, struct stat *st);
int __wrap_unlink(const char *name);
int __real_unlink(const char *name);

int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll_fd, int command, int fd, struct epoll_event *event);
int __wrap_epoll_pwait2(int epoll_fd, struct epoll_event *events, int max,
                        const struct timespec *timeout, const sigset_t *mask);
int __wrap_eventfd(unsigned count, int flags);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_read(int fd, void *out, size_t len);
ssize_t __real_read(int fd, void *out, size_t len);

int __wrap_rq_file_read(const char *name, struct rq_buf *out);
int __wrap_rq_file_write_atomic(const char *name, struct rq_slice data);

#endif
