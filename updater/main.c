/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-updater: the pattern repository, from both sides.  One row per command; the functions are in their rooms. */
#include <signal.h>
#include <string.h>

#include "proto/copied.h"
#include "updater/client/commands.h"
#include "updater/install/commands.h"
#include "updater/mirror/commands.h"
#include "updater/publisher/commands.h"

static const HlFlag flags[] = {
    /* client */
    { "metadata-dir", "DIR", "Where trusted metadata is kept" },
    { "metadata-url", "URL", "Where the repository's metadata is served" },
    { "target-base-url", "URL", "Where the repository's targets are served" },
    { "target-dir", "DIR", "Where targets are stored, under their percent-encoded path" },
    { "target-name", "PATH", "A target's path in the repository; may be given more than once" },
    /* endpoint */
    { "state-dir", "DIR", "Where this machine's patterns are kept; DIR/active is what the engine loads" },
    { "root", "FILE", "Root metadata to trust initially" },
    { "source", "NAME=URL",
      "A repository; may be given more than once, they are tried in order; one of the same name is the same repository "
      "at another place" },
    { "components", "NAMES", "What this machine should have, as in virus,rules" },
    { "keep", "WHAT",
      "update: components to keep at the installed version; mirror: how long to keep files that are no longer listed "
      "(default: 24h)" },
    { "engine", "PROGRAM", "The engine that loads a set before it becomes active (default: clamscan)" },
    { "engine-arg", "ARG", "A further argument for it; may be given more than once" },
    { "clamd-socket", "PATH", "A clamd that is told to reload" },
    { "private-source", "NAME", "The one source that --ca-file, --cert-file and --key-file are for, without --proxy" },
    { "public-ca-file", "FILE", "Certificate authorities to trust for the other sources (PEM)" },
    { "ca-option", "NAME",
      "What messages call the option that names authorities (default: --ca-file; update with --private-source: "
      "--public-ca-file), where another program passes it on" },
    { "time", "DURATION", "Time for all sources; one that is too slow leaves some of it to the next" },
    { "force", NULL,
      "update: install even what is older or was rolled back from; repo add: stage even far fewer signatures; where it "
      "signs: the clock is right now, and was ahead" },
    { "program-dir", "DIR", "Also look for another version of the program, and keep its packages there" },
    { "installed-program", "VERSION", "The version of the packages that are installed, as in 0.1.0-1" },
    { "program-arch", "ARCH", "The machine's architecture (default: as dpkg says)" },
    { "block-program", NULL, "Do not even ask for another version of the program" },
    { "json", NULL, "Print JSON lines on a terminal too" },
    /* mirror */
    { "from", "SOURCE",
      "mirror: URL of the repository to copy, with metadata/ and targets/ below it; repo publish: directory of the "
      "packages" },
    { "to", "DIR", "Where the copy is kept and served from" },
    /* repository */
    { "single-host", NULL, "Keep every key of the repository on this machine" },
    { "plain-keys", NULL, "Store private keys without a passphrase" },
    { "passphrase-file", "FILE", "Passphrase of the private keys (default: HOLDLINE_REPO_PASSPHRASE)" },
    { "component", "NAME",
      "repo init: a component to start with (default: virus, agent, rules), may be given more than once; repo publish: "
      "what --from is for, program" },
    { "root-key", "FILE.pub", "Public key of a root holder; give three, any two of them sign" },
    { "targets-key", "FILE.pub", "Public key of a targets holder; give two, either of them signs" },
    { "key", "FILE", "Private key to sign with" },
    { "against", "FILE", "The root or targets in force, to compare a draft with (default: of the draft's repository)" },
    { "yes", NULL, "Sign without asking" },
    { "add-key", "FILE.pub", "Public key to add to the role; without it one is generated here" },
    { "drop-key", "KEYID", "Key to remove from the role, by the beginning of its id" },
    { "version", "YYYYMMDDNN", "Version of the content (default: the next one of today)" },
    { "min-engine", "VERSION", "The oldest engine that can load the content (default: 0.103.0)" },
    { "min-version", "VERSION", "The oldest installed version of the program that may be upgraded (default: any)" },
    { "max-version", "VERSION", "The newest one (default: any)" },
    { "brief", NULL, "Do not say which command publishes what was staged: the caller runs it" },
    { "dry-run", NULL, "Say what would be removed, remove nothing" },
    { "copy", "DIR", "Another copy to take lost files from: a mirror, a backup, or an endpoint's sources/NAME" },
    { "restored", NULL, "The repository comes from a backup: go past the numbers that were given out since" },
    { "above", "NUMBER", "With --restored: also past this number, which a client's refusal names; may be repeated" },
    /* every command that talks HTTP */
    { "ca-file", "FILE", "Certificate authorities to trust instead of the system's (PEM)" },
    { "cert-file", "FILE", "Client certificate (PEM)" },
    { "key-file", "FILE", "Its private key (PEM)" },
    { "proxy", "URL", "Proxy to use instead of the environment's; empty for none" },
};

static const HlCommand commands[] = {
    { "client init", "--metadata-dir DIR ROOTFILE", "Trust a repository by its root metadata; makes no request",
      upd_cmd_client_init, 1, 1, upd_client_init_flags },
    { "client refresh", "--metadata-dir DIR --metadata-url URL", "Bring the trusted metadata up to date",
      upd_cmd_client_refresh, 0, 0, upd_client_refresh_flags },
    { "client download",
      "--metadata-dir DIR --metadata-url URL --target-dir DIR --target-base-url URL --target-name PATH...",
      "Refresh, then download targets and verify them", upd_cmd_client_download, 0, 0, upd_client_download_flags },
    { "update", "--state-dir DIR --root FILE --source NAME=URL... --components NAMES [--keep NAMES]",
      "Bring this machine's patterns up to date", upd_cmd_update, 0, 0, upd_update_flags },
    { "rollback", "--state-dir DIR", "Go back to the pattern set before the active one", upd_cmd_rollback, 0, 0,
      upd_rollback_flags },
    { "show", "--state-dir DIR", "Show what is installed on this machine", upd_cmd_show, 0, 0, upd_show_flags },
    { "mirror", "--from URL --root FILE --to DIR [--keep DURATION]", "Copy a public repository, verified and complete",
      upd_cmd_mirror, 0, 0, upd_mirror_flags },
    { "repo init", "DIR --single-host | --root-key FILE.pub... --targets-key FILE.pub...",
      "Create a pattern repository", upd_cmd_repo_init, 1, 1, upd_repo_init_flags },
    { "repo key new", "FILE", "Generate a key pair: FILE, and FILE.pub to hand over", upd_cmd_repo_key_new, 1, 1,
      upd_repo_key_flags },
    { "repo key list", "DIR", "Show the keys of every role", upd_cmd_repo_key_list, 1, 1, NULL },
    { "repo root show", "DRAFT", "Say what a draft of root or targets changes", upd_cmd_repo_root_show, 1, 1,
      upd_repo_root_show_flags },
    { "repo root sign", "DRAFT --key FILE", "Add a holder's signature to a draft of root or targets",
      upd_cmd_repo_root_sign, 1, 1, upd_repo_root_sign_flags },
    { "repo root accept", "DIR DRAFT...", "Collect signed drafts; with enough signatures they take effect",
      upd_cmd_repo_root_accept, 2, HL_ARGS_ANY, upd_repo_signing_flags },
    { "repo root rotate", "DIR ROLE", "Give a role another key, or renew root as it is", upd_cmd_repo_root_rotate, 2, 2,
      upd_repo_root_rotate_flags },
    { "repo role add", "DIR COMPONENT", "Add a component with a key of its own", upd_cmd_repo_role_add, 2, 2,
      upd_repo_signing_flags },
    { "repo role list", "DIR", "Show components and their versions", upd_cmd_repo_role_list, 1, 1, NULL },
    { "repo add", "DIR COMPONENT FILE...", "Stage new content of a component", upd_cmd_repo_add, 3, HL_ARGS_ANY,
      upd_repo_add_flags },
    { "repo import", "DIR [DATABASES]",
      "Stage what changed in a ClamAV database directory (default: /var/lib/clamav); for a timer", upd_cmd_repo_import,
      1, 2, upd_repo_import_flags },
    { "repo remove", "DIR COMPONENT", "Stage a component without content", upd_cmd_repo_remove, 2, 2,
      upd_repo_add_flags },
    { "repo withdraw", "DIR COMPONENT", "Stage the content before the newest release again, under a higher version",
      upd_cmd_repo_withdraw, 2, 2, upd_repo_withdraw_flags },
    { "repo publish", "DIR [--component program --from PACKAGES_DIR]",
      "Publish what is staged, with increments, and read it back", upd_cmd_repo_publish, 1, 1, upd_repo_publish_flags },
    { "repo resign", "DIR", "Renew signatures before they expire (for a timer)", upd_cmd_repo_resign, 1, 1,
      upd_repo_signing_flags },
    { "repo versions", "DIR", "Print the newest version of each component, on one line", upd_cmd_repo_versions, 1, 1,
      upd_repo_versions_flags },
    { "repo check", "DIR", "Read everything back, and warn of what expires", upd_cmd_repo_check, 1, 1, NULL },
    { "repo repair", "DIR [--copy DIR] [--restored]",
      "Mend lost and damaged files from what there is, and read everything back", upd_cmd_repo_repair, 1, 1,
      upd_repo_repair_flags },
    { "repo gc", "DIR", "Remove files that no client can ask for any more", upd_cmd_repo_gc, 1, 1, upd_repo_gc_flags },
};

static const HlProgram program = {
    .name = "holdline-updater",
    .copied = &hl_copied,
    .summary = "Publish, mirror and fetch pattern files (The Update Framework)",
    .commands = commands,
    .n_commands = G_N_ELEMENTS(commands),
    .flags = flags,
    .n_flags = G_N_ELEMENTS(flags),
};

int main(int argc, char **argv)
{
    int status;

    signal(SIGPIPE, SIG_IGN); /* a server that hangs up is an error code, not the end */
    status = hl_cli_main(&program, argc, argv, NULL);
    /* test suites for TUF clients know two answers */
    return argc > 1 && strcmp(argv[1], "client") == 0 ? status != 0 : status;
}
