/* err - texts and wire words of every code, from the one table.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <string.h>

static const struct {
    int code;
    const char *wire, *text;
} table[] = {
#define ROW(name, number, wire, text) {name, wire, text},
    RQ_ERR_MAP(ROW)
#undef ROW
};

enum { TABLE_COUNT = sizeof table / sizeof *table, ERRNO_MAX = 4095 };

const char *rq_err_text(long code)
{
    if (code >= 0)
        return "no error";
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].code == code)
            return table[i].text;

    const char *text = code >= -ERRNO_MAX ? strerrordesc_np((int)-code) : NULL;
    return text != NULL ? text : "unknown error";
}

const char *rq_err_wire(long code)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].code == code)
            return table[i].wire;
    return "ERR";
}

int rq_err_from_wire(struct rq_slice word)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (rq_slice_eq(word, rq_slice_str(table[i].wire)))
            return table[i].code;
    return 0;
}
