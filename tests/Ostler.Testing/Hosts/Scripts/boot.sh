#!/bin/bash
# boot.sh DISK STATEROOT DEPLOYMENT ROOT LAB LAYERS NAME
#
# Boot loader, initramfs and PID 1 in one: makes DEPLOYMENT the root of this mount namespace as
# ostree-prepare-root would, then stays as the init that starts jobs on the harness's word.
# Runs as PID 1 of a new PID, mount, UTS and IPC namespace. Standard input is the harness's command pipe;
# its end (the harness closed it, or died) ends this process, and with it everything inside.
set -eu
disk=$1 stateroot=$2 deployment=$3 root=$4 lab=$5 layers=$6 name=$7
exec >>"$lab/console" 2>&1

# /proc is still the machine's here, so this is the PID by which the harness can enter from outside.
read -r outer_pid _ </proc/self/stat
read -r boot <"$lab/boot-number"
echo "boot $boot: $deployment"

mount --bind "$deployment" "$root"
mount --bind "$disk" "$root/sysroot"
mount --bind "$disk/boot" "$root/boot"
mount --bind "$disk/ostree/deploy/$stateroot/var" "$root/var"

mount -t tmpfs -o mode=0755 run "$root/run"
: >"$root/run/ostree-booted"
mkdir -p "$root/run/ostler-lab" "$root/run/systemd/system" "$root/run/systemd/transient"
mount --bind "$lab" "$root/run/ostler-lab"
while IFS=$'\t' read -r from to; do
    mkdir -p "$root$to"
    mount --bind "$from" "$root$to"
done <"$lab/exposed"

# The tree's own files win over the tools that it borrows from the machine; the stubs win over both.
mount -t overlay -o "ro,lowerdir=$layers:$deployment/usr:/usr" overlay "$root/usr"

mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount --bind "$lab/boot-id" "$root/proc/sys/kernel/random/boot_id"
mount --bind "$lab/cmdline" "$root/proc/cmdline"

# The kernel is the machine's and booted long ago; this host boots now.
sed "s/^btime .*/btime $(date +%s)/" /proc/stat >"$root/run/ostler-lab-stat"
mount --bind "$root/run/ostler-lab-stat" "$root/proc/stat"
echo "$name" >"$root/proc/sys/kernel/hostname"

# Not chroot: `nsenter --target 1 --mount` lands in the root of the mount namespace, which only
# pivot_root changes.
cd "$root"
pivot_root . .
umount -l .
cd /

lab=/run/ostler-lab
exec 3<&0 </dev/null

# Opened for both directions: with a harness that died meanwhile, opening for writing would block for ever.
tell() { echo "$boot $*" 1<>"$lab/events"; }

job() {
    # The job gets SIGTERM at shutdown like everybody; its keeper must live on to say how it ended.
    trap : TERM
    local dir=$lab/jobs/$1 status=0
    bash "$dir/run" >"$dir/stdout" 2>"$dir/stderr" || status=$?
    echo "$status" >"$dir/status"
    tell exited "$1" "$status"
    # Opened for both directions, because nobody may be waiting any more.
    [ ! -p "$dir/done" ] || echo "$status" 1<>"$dir/done"
}

others() {
    local entry
    for entry in /proc/[0-9]*; do
        [ "$entry" = /proc/1 ] || return 0
    done
    return 1
}

tell up "$outer_pid"
while read -r verb argument <&3; do
    case $verb in
        start) job "$argument" 3<&- & ;;
        term) kill -TERM -1 2>/dev/null || : ;;
        kill)
            kill -KILL -1 2>/dev/null || :
            while others; do sleep 0.005; done
            tell killed
            ;;
    esac
done
