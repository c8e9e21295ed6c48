/* shld_test - SHLD: shield.
 * SPDX-License-Identifier: MIT */
#include "case.h"

LOOP_TEST(test_SHLD_01)
{
    for (int k = 0; k < 2; k++) {
        rio_future *inner = rio_future_new(), *shield = rio_shield_future(inner);

        EXPECT(!rio_future_done(shield));
        EXPECT_EQ(k == 0 ? rio_future_set_result(inner, 42)
                         : rio_future_set_error(inner, ERR),
                  0);
        EXPECT_EQ(await(rio_join(shield)), k == 0 ? 42 : ERR);
        rio_unref(shield);
        rio_unref(inner);
    }
    return 0;
}

LOOP_TEST(test_SHLD_02)
{
    rio_future *inner = rio_future_new(), *shield = rio_shield_future(inner);

    EXPECT(rio_task_cancel(inner));
    EXPECT_EQ(await(rio_join(shield)), -ECANCELED);
    EXPECT(rio_future_cancelled(shield));
    rio_unref(shield);
    rio_unref(inner);
    return 0;
}

LOOP_TEST(test_SHLD_03)
{
    rio_future *inner = rio_future_new(), *shield = rio_shield_future(inner);

    EXPECT(rio_task_cancel(shield));
    EXPECT(rio_future_cancelled(shield));
    EXPECT(!rio_future_done(inner));
    rio_unref(shield); /* and nothing of it stays with the inner one */
    EXPECT_EQ(rio_future_set_result(inner, 1), 0);
    EXPECT_EQ(await(rio_join_unref(inner)), 1);
    return 0;
}

static long shields(void *f)
{
    return await(rio_shield(f));
}

LOOP_TEST(test_SHLD_05)
{
    rio_future *inner = rio_future_new();
    rio_task *t = rio_create_task(shields, inner);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_future_done(inner));
    EXPECT_EQ(rio_future_set_result(inner, 5), 0);
    EXPECT_EQ(await(rio_join_unref(inner)), 5);
    return 0;
}

/* Returns  how many reports there were when the shields, then cancelled, and the inner
 * future that then ends with rc have gone. */
RIO_AWAITS static int reports_of(int shields_made, long rc)
{
    struct reports r = {0};
    rio_future *inner = rio_future_new(), *shield[2] = {NULL, NULL};

    rio_set_exception_handler(count_reports, &r);
    for (int i = 0; i < shields_made; i++) {
        shield[i] = rio_shield_future(inner);
        rio_task_cancel(shield[i]);
    }
    if (rc < 0)
        RIO_IGNORE(rio_future_set_error(inner, rc));
    else
        RIO_IGNORE(rio_future_set_result(inner, rc));
    RIO_IGNORE(await(settle()));
    for (int i = 0; i < shields_made; i++)
        rio_unref(shield[i]);
    rio_unref(inner);
    RIO_IGNORE(await(settle()));
    rio_set_exception_handler(NULL, NULL);
    return r.count;
}

LOOP_TEST(test_SHLD_06)
{
    EXPECT_EQ(await(reports_of(1, ERR)), 1);
    EXPECT_EQ(await(reports_of(1, 0)), 0);
    EXPECT_EQ(await(reports_of(2, ERR)), 1);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_SHLD_01), cmocka_unit_test(test_SHLD_02),
          cmocka_unit_test(test_SHLD_03), cmocka_unit_test(test_SHLD_05),
          cmocka_unit_test(test_SHLD_06))
