# SPDX-License-Identifier: Apache-2.0
# A machine that is booted for a test: a systemd of its own as process 1, in namespaces of its own, over an overlay of this machine's files
# whose changes go to memory.  Source it after lib.sh.
#
#   boot            boots it, or skips the test and says what is missing
#   in_machine COMMAND...   runs that in it, as root
#   cut_power       ends all of it at once, and boots it again from what is on its disk
#
# It has an empty network, no disks, its own /etc/systemd/system, /run, /tmp and /dev, a cgroup of its own, and only the capabilities that a
# container has: neither the kernel's settings nor this machine's services are within its reach.
# shellcheck shell=bash

machine_pid=
# What a container is not given (systemd-nspawn's list, less what the units under test need).
machine_without=-sys_module,-sys_rawio,-sys_time,-syslog,-wake_alarm,-block_suspend,-mac_admin,-mac_override,-bpf,-perfmon,-checkpoint_restore

# Runs as the first process of the namespaces, before it becomes systemd.
machine_init() {
    local top=$1 root=$1/root device
    mount --make-rprivate /
    mkdir -p "$top/files" "$top/work" "$root"
    mount -t overlay -o "lowerdir=/,upperdir=$top/files,workdir=$top/work" overlay "$root"
    if [ ! -e "$top/made" ]; then
        rm -rf "$root/etc/systemd/system" "$root"/var/lib/holdline* "$root"/usr/local/lib/systemd/system/holdline*
        mkdir -p "$root/etc/systemd/system"
        : >"$root/etc/fstab"
        echo 00000000000000000000000000000001 >"$root/etc/machine-id" # not a first boot
        : >"$top/made"
    fi
    mount -t proc proc "$root/proc"
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount -o remount,bind,ro "$root/proc/sys"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom tty fuse; do # nodes of its own: its systemd changes their modes
        [ -c "/dev/$device" ] || continue
        mknod -m "$(stat -c %a "/dev/$device")" "$root/dev/$device" c "$((0x$(stat -c %t "/dev/$device")))" "$((0x$(stat -c %T "/dev/$device")))"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o ptmxmode=666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mkdir -p "$root/run/outside"
    cd "$root" || exit
    pivot_root . run/outside
    umount -l /run/outside
    mount --make-rshared / # as it is on a machine: what is mounted later is seen by services that have mounts of their own
    exec env -i container=holdline-test PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --bounding-set="$machine_without" \
        /lib/systemd/systemd --system --unit=basic.target --show-status=no --log-target=journal
}

machine_answers() { in_machine systemctl is-active basic.target; }
machine_is_made() { machine_pid=$(pgrep -P "$machine_outer"); }

# Processes of the machine end a moment after its first one.
machine_end() {
    [ -z "$machine_pid" ] || kill -9 "$machine_pid"
    for _ in $(seq 200); do
        find "$machine_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
        [ -e "$machine_cgroup" ] || break
        sleep 0.05
    done
}

boot() {
    local tool why
    [ "$(id -u)" = 0 ] || skip "only root can boot a machine"
    [ -x /lib/systemd/systemd ] || skip "systemd is not installed (script/bootstrap installs it)"
    for tool in unshare nsenter setpriv pivot_root; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    machine_cgroup=$work/cgroup/${work##*/}
    mkdir -p "$work/cgroup" "$work/machine"
    mount -t cgroup2 cgroup2 "$work/cgroup" 2>/dev/null || skip "there are no control groups of version 2 here"
    mounts+=("$work/cgroup")
    mkdir "$machine_cgroup" 2>/dev/null || skip "no control group of our own can be made here"
    undo+=(machine_end)
    # shellcheck disable=SC2016 # for the other shell
    why=$(unshare --mount --pid --net --ipc --uts --fork bash -ec 'mount -t tmpfs tmpfs "$1"; mkdir "$1/u" "$1/w" "$1/m"
        mount -t overlay -o "lowerdir=/,upperdir=$1/u,workdir=$1/w" overlay "$1/m"' probe "$work/machine" 2>&1) ||
        skip "this kernel makes no such machine: $why"
    {
        declare -f machine_init
        printf 'set -eu\nmachine_without=%s\nmachine_init "$1"\n' "$machine_without"
    } >"$work/machine-init"
    mount -t tmpfs -o mode=755 tmpfs "$work/machine" # its disk, which outlives it (cut_power)
    mounts+=("$work/machine")
    machine_on
}

machine_on() {
    # into the group first: its namespace has the group as its root
    # shellcheck disable=SC2016
    bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' enter "$machine_cgroup" \
        unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child \
        bash "$work/machine-init" "$work/machine" >>"$work/machine.log" 2>&1 </dev/null &
    machine_outer=$!
    disown # its end is no news
    wait_for 10 machine_is_made
    wait_for 60 machine_answers
}

cut_power() {
    kill -9 "$machine_pid"
    machine_pid=
    wait_for 20 is_gone "$machine_outer"
    machine_on
}

# its root as well: below a chroot that is not the root of its mounts
in_machine() { nsenter --target "$machine_pid" --all --root --wd env -i HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C TZ=UTC "$@"; }
