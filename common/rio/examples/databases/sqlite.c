/* sqlite - a database whose calls block, beside a loop that never does.
 *
 *     sqlite [FILE]      without one the database is in memory
 *
 * Shows: the executor.  SQLite runs in a thread, and it is one thread, so that its
 * calls follow each other as on one connection; whoever awaits one of them waits alone.
 * A ticker in the loop says so: it goes on while a query counts to a million.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <rio/rio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define TICK (5 * RIO_MS)

/* A statement to run, with at most one text in it. */
struct query {
    sqlite3 *db;
    const char *sql;
    const char *text; /* for its ?1; may be NULL */
    char answer[256]; /* a line per row, its columns separated by spaces */
};

/* ---- in the thread ---- */

static void add_row(struct query *q, sqlite3_stmt *row)
{
    int columns = sqlite3_column_count(row);
    size_t used = strlen(q->answer);

    for (int i = 0; i < columns && used < sizeof q->answer; i++) {
        const unsigned char *text = sqlite3_column_text(row, i);
        int n = snprintf(q->answer + used, sizeof q->answer - used, "%s%c",
                         text == NULL ? "NULL" : (const char *)text,
                         i + 1 < columns ? ' ' : '\n');

        used += n > 0 ? (size_t)n : 0;
    }
}

static long run_query(void *arg)
{
    struct query *q = arg;
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(q->db, q->sql, -1, &statement, NULL);

    q->answer[0] = '\0';
    if (rc == SQLITE_OK && q->text != NULL)
        rc = sqlite3_bind_text(statement, 1, q->text, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    for (; rc == SQLITE_ROW; rc = sqlite3_step(statement))
        add_row(q, statement);
    if (rc != SQLITE_DONE)
        rc = (int)rio_error(-EIO, "%s: %s", q->sql, sqlite3_errmsg(q->db));
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? 0 : rc;
}

struct opening {
    const char *path;
    sqlite3 *db;
};

static long open_database(void *arg)
{
    struct opening *o = arg;

    if (sqlite3_open(o->path, &o->db) == SQLITE_OK)
        return 0;
    return rio_error(-EIO, "%s: %s", o->path,
                     o->db == NULL ? "no memory" : sqlite3_errmsg(o->db));
}

static long close_database(void *db)
{
    return sqlite3_close(db) == SQLITE_OK ? 0 : -EBUSY;
}

/* ---- in the loop ---- */

/* Prints what the statement answers. */
RIO_AWAITS static long query(sqlite3 *db, const char *sql, const char *text)
{
    struct query q = {.db = db, .sql = sql, .text = text};

    RIO_TRY(await(rio_to_thread(run_query, &q)));
    (void)printf("%s", q.answer);
    return 0;
}

static long tick(void *arg)
{
    for (unsigned *ticks = arg;; (*ticks)++)
        RIO_TRY(await(rio_sleep(TICK)));
}

RIO_AWAITS static long use(sqlite3 *db)
{
    static const char *const words[] = {"await", "async", "asyncio"};
    unsigned ticks = 0;
    RIO_AUTO_TASK ticker = rio_create_task(tick, &ticks);

    if (ticker == NULL)
        return -errno;
    RIO_TRY(await(query(db, "CREATE TABLE IF NOT EXISTS word (text TEXT)", NULL)));
    RIO_TRY(await(query(db, "DELETE FROM word", NULL)));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        RIO_TRY(await(query(db, "INSERT INTO word VALUES (?1)", words[i])));
    RIO_TRY(await(query(db, "SELECT rowid, text FROM word ORDER BY rowid", NULL)));

    ticks = 0;
    RIO_TRY(
        await(query(db,
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < 1000000) SELECT 'counted to', max(i) FROM n",
                    NULL)));
    (void)printf("meanwhile the loop ticked %u times\n", ticks);
    return 0;
}

static long body(void *path)
{
    struct opening o = {.path = path};
    rio_executor *thread = rio_executor_new(1);
    long rc;

    if (thread == NULL)
        return -errno;
    rio_set_default_executor(thread); /* for rio_to_thread() */
    rc = await(rio_to_thread(open_database, &o));
    if (rc == 0)
        rc = await(use(o.db));
    RIO_IGNORE(await(rio_to_thread(close_database, o.db))); /* NULL is fine */
    return rc;
}

int main(int argc, char **argv)
{
    static char memory[] = ":memory:";
    long rc = rio_run(body, argc > 1 ? argv[1] : memory);

    if (rc < 0) {
        const char *why = rio_task_error(NULL);

        (void)fprintf(stderr, "sqlite: %s\n", why == NULL ? strerror((int)-rc) : why);
        return 1;
    }
    return 0;
}
