/* SPDX-License-Identifier: Apache-2.0 */
/* A process beside a scanner that has given up its rights, which has kept them to say one thing: whether a file is at a
 * path, as this machine's administrator would see it.
 *
 * The kernel's word for where an open file is (/proc/self/fd) holds in the mount namespace of who opened it, and a user
 * may make one in which their file is /etc/passwd.  Blocking; one thread. */
#ifndef ENDPOINT_SCAN_WITNESS_H
#define ENDPOINT_SCAN_WITNESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Before the file's path wherever it could not be confirmed. */
#define EP_WITNESS_SAID "said by the user: "

typedef struct EpWitness EpWitness;

/* Forks: before there are threads, and before rights are given up.  NULL: there is no process left; then nothing is
 * confirmed. */
EpWitness *ep_witness_new(void);
void ep_witness_free(EpWitness *witness);

/* At most five seconds; one that did not answer is not asked again. */
bool ep_witness_confirms(EpWitness *witness, const char *path, dev_t device, ino_t inode);

/* The same without another process: with the rights of this one.  No link is followed.  It may hang where a file system
 * does. */
bool ep_witness_sees(const char *path, dev_t device, ino_t inode);

#endif
