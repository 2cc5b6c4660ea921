/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/nearest.h"

#include <string.h>

#define MAX_WORD 64

typedef struct {
    const char *a, *b;
    guint cells[MAX_WORD + 1][MAX_WORD + 1]; /* [i][j]: of the first i bytes of a and the first j of b */
} Table;

static guint cell(const Table *table, gsize i, gsize j)
{
    const char *a = table->a, *b = table->b;
    guint best;

    if (i == 0 || j == 0)
        return (guint)(i + j);
    best = table->cells[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
    best = MIN(best, table->cells[i - 1][j] + 1);
    best = MIN(best, table->cells[i][j - 1] + 1);
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = MIN(best, table->cells[i - 2][j - 2] + 1);
    return best;
}

guint hl_nearest_distance(const char *a, const char *b)
{
    gsize n = strlen(a), m = strlen(b);
    Table table = { .a = a, .b = b };

    if (n > MAX_WORD || m > MAX_WORD)
        return HL_NEAREST_FAR;
    for (gsize i = 0; i <= n; i++)
        for (gsize j = 0; j <= m; j++)
            table.cells[i][j] = cell(&table, i, j);
    return table.cells[n][m];
}

const char *hl_nearest(const char *word, const char *const *candidates)
{
    guint most = strlen(word) <= 4 ? 1 : 2;
    const char *nearest = NULL;

    for (; *candidates != NULL; candidates++) {
        guint distance = hl_nearest_distance(word, *candidates);

        if (distance <= most && (nearest == NULL || distance < hl_nearest_distance(word, nearest)))
            nearest = *candidates;
    }
    return nearest;
}
