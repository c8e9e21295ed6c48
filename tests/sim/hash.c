/* hash - the commands on hashes of the simulated Redis: HSET HGET HDEL HLEN HKEYS.
 * SPDX-License-Identifier: MIT */
#include "sim/hash.h"

#include "base/slice.h"

static bool is_word(struct rq_slice s, const char *word)
{
    return rq_slice_eq(s, rq_slice_str(word));
}

/* HSET key field value ... */
static void run_hset(struct keys *keys, const struct rq_slice *argv, size_t argc,
                     struct rq_resp_writer *w)
{
    struct key *key;
    int64_t added = 0;

    if (argc < 4 || argc % 2 != 0 || keys_need(keys, argv[1], &key) < 0) {
        rq_resp_error(w, "ERR", "wrong number of arguments");
        return;
    }
    for (size_t i = 2; i < argc; i += 2) {
        int rc = keys_set_field(key, argv[i], argv[i + 1]);

        if (rc < 0) {
            rq_resp_error(w, "ERR", "no memory");
            return;
        }
        added += rc;
    }
    rq_resp_int(w, added);
}

static void run_hdel(struct key *key, const struct rq_slice *argv, size_t argc,
                     struct rq_resp_writer *w)
{
    int64_t deleted = 0;

    for (size_t i = 2; key != NULL && i < argc; i++)
        deleted += keys_drop_field(key, argv[i]);
    rq_resp_int(w, deleted);
}

static void run_hget(const struct key *key, struct rq_slice field,
                     struct rq_resp_writer *w)
{
    const struct keys_entry *e = key == NULL ? NULL : keys_field(key, field);

    if (e == NULL)
        rq_resp_null(w);
    else
        rq_resp_bulk(w, rq_slice(e->bytes + e->field_len, e->value_len));
}

static size_t count(const struct key *key)
{
    size_t n = 0;

    for (size_t i = 0; key != NULL && i < key->count; i++)
        n += !key->entries[i].is_dropped;
    return n;
}

static void run_hkeys(const struct key *key, struct rq_resp_writer *w)
{
    rq_resp_array(w, count(key));
    for (size_t i = 0; key != NULL && i < key->count; i++)
        if (!key->entries[i].is_dropped)
            rq_resp_bulk(w, rq_slice(key->entries[i].bytes, key->entries[i].field_len));
}

bool sim_hash_run(struct keys *keys, const struct rq_slice *argv, size_t argc,
                  struct rq_resp_writer *w)
{
    struct key *key = argc < 2 ? NULL : keys_find(keys, argv[1]);

    if (is_word(argv[0], "HSET"))
        run_hset(keys, argv, argc, w);
    else if (is_word(argv[0], "HDEL") && argc >= 3)
        run_hdel(key, argv, argc, w);
    else if (is_word(argv[0], "HGET") && argc == 3)
        run_hget(key, argv[2], w);
    else if (is_word(argv[0], "HLEN") && argc == 2)
        rq_resp_int(w, (int64_t)count(key));
    else if (is_word(argv[0], "HKEYS") && argc == 2)
        run_hkeys(key, w);
    else
        return false;
    return true;
}
