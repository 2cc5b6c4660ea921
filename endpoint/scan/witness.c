/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoint/scan/origin.h"
#include "lib/base/file.h"

#define PATIENCE 5000 /* ms */

struct EpWitness {
    int socket; /* -1: it does not answer any longer */
    pid_t pid;
};

typedef struct {
    uint64_t device, inode;
    char path[PATH_MAX];
} Question;

bool ep_witness_sees(const char *path, dev_t device, ino_t inode)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    hl_autofd int fd = ep_origin_open(directory, NULL);
    struct stat st;

    return fd >= 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 && st.st_dev == device &&
           st.st_ino == inode;
}

/* Until the scanner has gone.  It has nothing open but this. */
static void testify(int to)
{
    Question question;
    ssize_t n;

    while ((n = recv(to, &question, sizeof question, 0)) > 0) {
        char sees;

        question.path[sizeof question.path - 1] = '\0';
        sees = n == sizeof question && ep_witness_sees(question.path, question.device, question.inode) ? 'y' : 'n';
        if (send(to, &sees, 1, MSG_NOSIGNAL) != 1)
            break;
    }
    _exit(0);
}

static void become_witness(int to)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* else the user's end would not see the scanner's */
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    testify(to);
}

EpWitness *ep_witness_new(void)
{
    EpWitness *witness;
    pid_t pid = -1;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return NULL;
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        become_witness(pair[1]);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return NULL;
    }
    witness = g_new(EpWitness, 1);
    *witness = (EpWitness){ .socket = pair[0], .pid = pid };
    return witness;
}

void ep_witness_free(EpWitness *witness)
{
    bool answers;

    if (witness == NULL)
        return;
    answers = witness->socket >= 0;
    hl_fd_clear(&witness->socket);
    while (answers && waitpid(witness->pid, NULL, 0) < 0 && errno == EINTR) /* it ends with the socket */
        continue;
    g_free(witness);
}

bool ep_witness_confirms(EpWitness *witness, const char *path, dev_t device, ino_t inode)
{
    Question question = { .device = device, .inode = inode };
    struct pollfd one = { .events = POLLIN };
    char answer = 'n';

    if (witness == NULL || witness->socket < 0 || path[0] != '/' ||
        g_strlcpy(question.path, path, sizeof question.path) >= sizeof question.path)
        return false;
    one.fd = witness->socket;
    if (send(witness->socket, &question, sizeof question, MSG_NOSIGNAL) == sizeof question &&
        poll(&one, 1, PATIENCE) == 1 && recv(witness->socket, &answer, 1, 0) == 1)
        return answer == 'y';
    hl_fd_clear(&witness->socket); /* a late answer would be taken for the next */
    return false;
}
