# SPDX-License-Identifier: Apache-2.0
# The look of script/demo and of the NAT lab's short form: chapters, and each command printed before its output.  To be sourced.
#
# SHOW_ROOT is a directory that is shown as SHOW_ROOT_AS; SHOW_AS holds pairs of texts, what a command contains and what a reader
# is shown instead.
# shellcheck shell=bash
if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi
checks=0
SHOW_ROOT='' SHOW_ROOT_AS='' SHOW_AS=()

say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

# A command as a reader would type it.
show_command() {
    local text="$*" i
    for ((i = 0; i < ${#SHOW_AS[@]}; i += 2)); do text=${text//"${SHOW_AS[i]}"/${SHOW_AS[i + 1]}}; done
    printf '%s$%s %s\n' "$dim" "$plain" "${text//"$SHOW_ROOT"/$SHOW_ROOT_AS}"
}

# expect STATUS TEXT COMMAND...: shows the command, and insists on its exit status and on TEXT in its output.
expect() {
    local want=$1 text=$2 output status=0
    shift 2
    show_command "$@"
    output=$("$@" 2>&1) || status=$?
    [ -z "$output" ] || printf '%s\n' "${output//"$SHOW_ROOT"/$SHOW_ROOT_AS}"
    [ "$status" = "$want" ] || { echo "${0##*/}: exit status $status instead of $want" >&2; exit 1; }
    [[ $output == *"$text"* ]] || { echo "${0##*/}: the output does not say '$text'" >&2; exit 1; }
    checks=$((checks + 1))
}
