#!/usr/bin/env bash
# Makes what the machine is installed from: an OSTree repository of all releases, and a disk on which the first one is installed. Needs root, ostree and e2fsprogs.
# Usage: build-image.sh OS GUEST INTO     OS: what build-os.sh made; GUEST: the folder with what is not Debian's
set -euo pipefail
debian=$1 guest=$2 into=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/ostler-image.XXXXXX")
os=$work/os
finish() {
  chattr -R -f -i "$work/sysroot/ostree/deploy" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT

mkdir "$os"
tar --numeric-owner --xattrs -C "$os" -xf "$debian/os.tar"
cp -a "$guest/base/." "$os/"
chown -R 0:0 "$os/usr/lib/machine"
: >"$os/etc/machine-id"
: >"$os/etc/fstab"
echo machine >"$os/etc/hostname"
rm -f "$os/etc/resolv.conf" "$os/etc/.pwd.lock"
# Nobody logs in, nothing is on a schedule, and each second counts a dozen times.
for unit in getty.target systemd-logind.service systemd-timesyncd.service systemd-networkd.service systemd-pstore.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-random-seed.service e2scrub_reap.service e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  systemd-tmpfiles-clean.timer systemd-firstboot.service systemd-hwdb-update.service modprobe@drm.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount; do
  ln -sf /dev/null "$os/etc/systemd/system/$unit"
done
# The initramfs has been made: its units are of no use without dracut.
rm -f "$os"/usr/lib/systemd/system/dracut-* "$os"/usr/lib/systemd/system/*.wants/dracut-*
systemctl --root="$os" --quiet enable machine-console.service machine-network.service ostler-agent.service kubelet.service edge-app.service
mv "$os/etc" "$os/usr/etc"

echo "committing the releases"
repo=$into/repo
ostree --repo="$repo" init --mode=archive
ostree --repo="$repo" config set core.fsync false
ostree --repo="$repo" config set archive.zlib-level 1
commit() { ostree --repo="$repo" commit --owner-uid=0 --owner-gid=0 --timestamp="2026-01-0$1 00:00:00 +0000" "${@:2}" >/dev/null; }
ostree --repo="$repo" commit --branch=base --tree=dir="$os" --timestamp='2026-01-01 00:00:00 +0000' >/dev/null
for version in 1 2 3 4 5 6; do
  layer=$work/layer
  rm -rf "$layer"
  cp -a "$guest/v$version" "$layer"
  mv "$layer/etc" "$layer/usr-etc" && mkdir -p "$layer/usr" && mv "$layer/usr-etc" "$layer/usr/etc"
  sed -e "s/^PRETTY_NAME=.*/PRETTY_NAME=\"Edge OS $version.0\"/" "$os/usr/lib/os-release" >"$work/os-release"
  mkdir -p "$layer/usr/lib/machine" && cp "$work/os-release" "$layer/usr/lib/os-release"
  # What a release has to bring, so that a download takes a moment.
  head -c 4000000 /dev/urandom >"$layer/usr/lib/machine/payload"
  commit "$version" --branch="v$version" --tree=ref=base --tree=dir="$layer" --subject="Edge OS $version.0" --add-metadata-string="version=$version.0"
done

echo "installing the first one on a disk"
sysroot=$work/sysroot
mkdir "$sysroot"
ostree admin init-fs --modern "$sysroot"
ostree admin os-init --sysroot="$sysroot" machine
ostree --repo="$sysroot/ostree/repo" config set sysroot.bootloader none
ostree --repo="$sysroot/ostree/repo" config set sysroot.readonly true
ostree --repo="$sysroot/ostree/repo" config set core.fsync false
ostree --repo="$sysroot/ostree/repo" pull-local --remote=acme "$repo" v1
ostree admin --sysroot="$sysroot" deploy --os=machine --karg=root=/dev/vda --karg=rw --karg=console=ttyS0 --karg=quiet --karg=systemd.show_status=1 --karg=net.ifnames=0 --karg=mitigations=off acme:v1
ostree --repo="$sysroot/ostree/repo" config unset core.fsync
truncate --size=3G "$into/disk.img"
mke2fs -q -t ext4 -d "$sysroot" -L root "$into/disk.img"
ostree --repo="$repo" summary --update
