#!/bin/bash
# machine.sh DISK SYSROOT_BYTES BOOT_BYTES EVENTS
#
# The machine's hardware: its two disks, in a mount namespace of their own. It lives through every power
# cycle of the host, and goes when the harness closes our standard input, also by dying itself.
set -eu
disk=$1 sysroot_bytes=$2 boot_bytes=$3 events=$4

mount -t tmpfs -o "size=$sysroot_bytes,mode=0755" ostler-sysroot "$disk"
mkdir "$disk/boot"
mount -t tmpfs -o "size=$boot_bytes,mode=0755" ostler-boot "$disk/boot"
mkfifo "$events"

echo ready
exec >/dev/null 2>&1
read -r _ || :
