/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/said.h"

#include "proto/phrase.h"

char *cli_format_said(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const char *text = json_string_value(value);

    return hl_phrase_detail(text != NULL ? text : "");
}

char *cli_format_word(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const char *text = json_string_value(value);

    return g_strdup(hl_phrase_word(text != NULL ? text : ""));
}
