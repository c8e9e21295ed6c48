/* ctxvar.c - variables of a task, inherited by the tasks it makes.
 *
 * The values of a task lie in one array, which its children share until one of them
 * sets something: whoever does that and is not alone takes a copy first.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"

struct value {
    const rio_ctxvar *var;
    void *val;
};

struct rio__vars {
    size_t refs, count;
    struct value values[];
};

struct rio__vars *rio__vars_ref(struct rio__vars *v)
{
    if (v != NULL)
        v->refs++;
    return v;
}

void rio__vars_unref(struct rio__vars *v)
{
    if (v != NULL && --v->refs == 0)
        free(v);
}

static struct value *find(struct rio__vars *v, const rio_ctxvar *var)
{
    for (size_t i = 0; v != NULL && i < v->count; i++)
        if (v->values[i].var == var)
            return &v->values[i];
    return NULL;
}

/* Whose values hold now: the running task's, or those of a task of which an exception
 * handler is just told. */
static const struct rio__task *owner(void)
{
    if (rio__loop == NULL || rio__loop->reported == NULL)
        return rio__task_self();
    return rio__loop->reported;
}

void *rio_ctxvar_get(const rio_ctxvar *v)
{
    const struct rio__task *t = owner();
    const struct value *found = t == NULL ? NULL : find(t->vars, v);

    return found == NULL ? v->dflt : found->val;
}

int rio_ctxvar_set(const rio_ctxvar *v, void *val)
{
    struct rio__task *t = rio__task_self();
    struct rio__vars *old, *copy;
    struct value *found;
    size_t count;

    if (t == NULL || rio__loop->reported != NULL)
        return -EPERM;
    if (v == NULL)
        return -EINVAL;
    old = t->vars;
    found = find(old, v);
    if (found != NULL && old->refs == 1) {
        found->val = val;
        return 0;
    }
    count = old == NULL ? 0 : old->count;
    copy = malloc(sizeof *copy + (count + 1) * sizeof copy->values[0]);
    if (copy == NULL)
        return -ENOMEM;
    *copy = (struct rio__vars){.refs = 1, .count = count};
    if (count > 0)
        memcpy(copy->values, old->values, count * sizeof copy->values[0]);
    found = find(copy, v);
    if (found == NULL)
        found = &copy->values[copy->count++];
    *found = (struct value){.var = v, .val = val};
    t->vars = copy;
    rio__vars_unref(old);
    return 0;
}
