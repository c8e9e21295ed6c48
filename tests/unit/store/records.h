/* records.h - records for the tests of the store: one of each type, and how to tell two
 * apart.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_STORE_RECORDS_H
#define TEST_STORE_RECORDS_H

#include <stdbool.h>

#include "core/record.h"

/* `body` is a string. */
struct record record_put(uint64_t epoch, uint64_t number, const char *body);
struct record record_lease(uint64_t epoch, uint64_t number);
struct record record_done(uint64_t epoch, uint64_t number);
struct record record_totals(const char *queue);

enum { RECORD_SAMPLES = 22 };
/* One of each type with every field set, and with extreme values. */
struct record record_sample(int i);

/* Equal in every field that its type has. */
bool record_equal(const struct record *a, const struct record *b);

#endif
