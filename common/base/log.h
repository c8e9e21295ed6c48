/* log.h - one event a line, logfmt, on stderr: `time level event=... key=value`.
 * Shells log; common/ and the rules never do.  Never a key, token or body.
 *
 * Bytes that could begin a line or command a terminal become `?`; a line is cut at
 * 1024 bytes.  errno survives.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

enum rq_log_level { RQ_LOG_DEBUG, RQ_LOG_INFO, RQ_LOG_WARN, RQ_LOG_ERROR };

void rq_log_set_level(enum rq_log_level level);
/* `fmt` starts with event=name.  Equal events beyond ten a second are counted and
 * summed up in one line. */
void rq_log(enum rq_log_level level, const char *fmt, ...) RQ_PRINTF(2, 3);

#define LOG_DEBUG(...) rq_log(RQ_LOG_DEBUG, __VA_ARGS__)
#define LOG_INFO(...) rq_log(RQ_LOG_INFO, __VA_ARGS__)
#define LOG_WARN(...) rq_log(RQ_LOG_WARN, __VA_ARGS__)
#define LOG_ERROR(...) rq_log(RQ_LOG_ERROR, __VA_ARGS__)

#endif
