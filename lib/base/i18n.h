/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in the user's language, by gettext; the catalogues are in po/.
 *
 * Only a program that calls hl_i18n_init translates: in all others, and in the daemons, these functions return what
 * they are given.  Logs, JSON and whatever a script reads are never translated.  Any thread, after hl_i18n_init. */
#ifndef LIB_BASE_I18N_H
#define LIB_BASE_I18N_H

#include <glib.h>

/* A text of the source, in the language of LC_MESSAGES or LANGUAGE.  xgettext collects it. */
#define _(text) hl_tr(text)

/* Only collected: for tables, whose texts are translated with hl_tr where they are shown. */
#define N_(text) (text)

/* Takes LC_CTYPE and LC_MESSAGES from the environment and opens the catalogue that was built or installed with the
 * running program.  Numbers and sorting stay as in the C locale.  Before the first thread. */
void hl_i18n_init(void);

/* From now on texts are English again, for a script that reads what follows. */
void hl_i18n_end(void);

/* text itself where there is no translation.  Static. */
const char *hl_tr(const char *text) G_GNUC_FORMAT(1);

/* The same in a language, as "ja", whatever that of the program is: for what one program says to several readers.  The
 * catalogue is read once, at the first call for it; where there is none, the text itself.  One thread. */
const char *hl_tr_in(const char *language, const char *text) G_GNUC_FORMAT(2);

/* That for Japanese, as a function of the text alone (HlFaultLanguage, HlPhraseLanguage, MgrSentenceLanguage). */
const char *hl_tr_japanese(const char *text) G_GNUC_FORMAT(1);

/* The form for n things. */
const char *hl_trn(const char *one, const char *many, gulong n) G_GNUC_FORMAT(1) G_GNUC_FORMAT(2);

#endif
