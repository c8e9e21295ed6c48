/* zoneinfo_test - a directory of time zones is read as the system's is.
 * SPDX-License-Identifier: MIT */
#include "zoneinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/zone.h"
#include "support/test.h"
#include "unit/core/tzif.h"

static char root[64];

static int make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/zoneinfo-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static const char *const files[] = {"/UTC",        "/tzdata.zi",  "/A/B/Deep",
                                    "/A/Berlin",   "/posix/Same", "/right/Leap",
                                    "/A/B/C/Four", "/.hidden",    "/empty"};
static const char *const folders[] = {"/A",     "/A/B",   "/A/B/C",
                                      "/posix", "/right", "/A/link"};

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s%s", root, name);
    return path;
}

static int sweep(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(path_of(files[i]));
    unlink(path_of("/A/link"));
    for (size_t i = sizeof folders / sizeof *folders; i-- > 0;)
        rmdir(path_of(folders[i]));
    return rmdir(root);
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    FILE *f = fopen(path_of(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static void zones_are_found_by_their_path(void **state)
{
    uint8_t bytes[TZIF_MAX];
    size_t len = tzif_make(3600, NULL, 0, RULE_BERLIN, bytes);
    struct zone_period p;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(path_of(folders[i]), 0700), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        write_file(files[i], bytes, len);
    write_file("/tzdata.zi", "# text\n", 7);
    write_file("/empty", "", 0);
    assert_int_equal(symlink(root, path_of("/A/link")), 0); /* a ring */

    struct zoneinfo *info = zoneinfo_load(root);
    assert_non_null(info);
    const struct zone *z = zoneinfo_find(info, RQ_LIT("A/Berlin"));
    assert_non_null(z);
    zone_at(z, 1774746000, &p);
    assert_int_equal(p.offset_s, 7200);
    assert_non_null(zoneinfo_find(info, RQ_LIT("UTC")));
    assert_non_null(zoneinfo_find(info, RQ_LIT("A/B/Deep")));
    assert_null(zoneinfo_find(info, RQ_LIT("A/B/C/Four")));
    assert_null(zoneinfo_find(info, RQ_LIT("posix/Same")));
    assert_null(zoneinfo_find(info, RQ_LIT("right/Leap")));
    assert_null(zoneinfo_find(info, RQ_LIT("tzdata.zi")));
    assert_null(zoneinfo_find(info, RQ_LIT("empty")));
    assert_null(zoneinfo_find(info, RQ_LIT(".hidden")));
    assert_null(zoneinfo_find(info, RQ_LIT("A")));
    assert_null(zoneinfo_find(info, RQ_LIT("")));
    zoneinfo_free(info);
}

static void a_directory_that_is_not_there_holds_none(void **state)
{
    struct zoneinfo *info = zoneinfo_load("/nonexistent/zoneinfo");

    (void)state;
    assert_non_null(info);
    assert_int_equal(zoneinfo_count(info), 0);
    zoneinfo_free(info);
    zoneinfo_free(NULL);
}

/* The real thing, where it is installed. */
static void the_zones_of_this_machine_are_read(void **state)
{
    struct zoneinfo *info = zoneinfo_load("/usr/share/zoneinfo");
    struct zone_period p;

    (void)state;
    assert_non_null(info);
    if (zoneinfo_count(info) > 0) {
        const struct zone *z = zoneinfo_find(info, RQ_LIT("Europe/Berlin"));

        assert_in_range(zoneinfo_count(info), 300, 4096);
        assert_non_null(z);
        zone_at(z, 1774746000, &p);
        assert_int_equal(p.offset_s, 7200);
        zone_at(z, INT64_C(4102444800), &p); /* 2100: by the rule */
        assert_int_equal(p.offset_s, 3600);
    }
    zoneinfo_free(info);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(zones_are_found_by_their_path, make, sweep),
          cmocka_unit_test(a_directory_that_is_not_there_holds_none),
          cmocka_unit_test(the_zones_of_this_machine_are_read))
