/* epoch_file - the greatest epoch that this server has tried.
 * SPDX-License-Identifier: MIT */
#include "store/epoch_file.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/num.h"
#include "store/encode.h"
#include "store/link.h"

/* "epoch N owner\n" or "epoch N claiming\n" */
static bool parse_file(struct rq_slice text, struct epoch_file *out)
{
    struct rq_slice line, word, number;

    if (!rq_slice_split(&text, '\n', &line) || text.ptr == NULL || text.len != 0)
        return false;
    if (!rq_slice_split(&line, ' ', &word) || !rq_slice_eq(word, RQ_LIT("epoch")) ||
        !rq_slice_split(&line, ' ', &number) || line.ptr == NULL)
        return false;
    out->owned = rq_slice_eq(line, RQ_LIT("owner"));
    if (!out->owned && !rq_slice_eq(line, RQ_LIT("claiming")))
        return false;
    return rq_num_u64(number, 1, ENCODE_EPOCH_MAX, &out->epoch) == 0;
}

int epoch_file_read(const char *path, struct epoch_file *out, char *why)
{
    struct epoch_file r = {0};
    struct rq_buf text;

    rq_buf_init(&text, 256);
    int rc = rq_file_read(path, &text);
    if (rc == -ENOENT) {
        rc = 0;
    } else if (rc == 0 || rc == -ENOBUFS) {
        r.damaged = rc < 0 || !parse_file(rq_buf_slice(&text), &r);
        rc = 0;
    } else {
        snprintf(why, LINK_WHY, "cannot read %.100s: %s", path, rq_err_text(rc));
        rc = -EIO; /* a plain errno here would be taken for an answer of Redis */
    }
    rq_buf_fini(&text);
    if (r.damaged) {
        LOG_WARN(
            "event=epoch_file_damaged file=%s action=\"taking a far higher epoch\"",
            path);
        r = (struct epoch_file){.damaged = true};
    }
    *out = r;
    return rc;
}

int epoch_file_write(const char *path, uint64_t epoch, bool owned, char *why)
{
    char text[64];
    int len = snprintf(text, sizeof text, "epoch %llu %s\n", (unsigned long long)epoch,
                       owned ? "owner" : "claiming");

    int rc = rq_file_write_atomic(path, rq_slice(text, (size_t)len));
    if (rc == 0)
        return 0;
    snprintf(why, LINK_WHY, "cannot write %.100s: %s", path, rq_err_text(rc));
    return -EIO;
}
