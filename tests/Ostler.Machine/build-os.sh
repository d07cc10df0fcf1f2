#!/usr/bin/env bash
# Makes the Debian that all releases of the machine's OS have in common, in the shape that OSTree wants, as INTO/os.tar. Everything is from Debian's packages. Needs root and mmdebstrap.
# Usage: build-os.sh INTO
set -euo pipefail
into=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/ostler-os.XXXXXX")
os=$work/os
finish() {
  mountpoint -q "$os/proc" && umount "$os/proc"
  mountpoint -q "$os/dev" && umount "$os/dev"
  rm -rf --one-file-system "$work"
}
trap finish EXIT

packages=systemd,systemd-sysv,udev,dbus,ostree,ostree-boot,linux-image-cloud-amd64,dracut-core,zstd,kmod,e2fsprogs,iproute2,procps,util-linux,curl,jq,crun,libssl3

# The machine's own sources, as they are: same mirror, same keyring, same release.
sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  if [ -e "$file" ] && grep -q "${VERSION_CODENAME:=$(. /etc/os-release && echo "$VERSION_CODENAME")}" "$file"; then sources+=("$file"); fi
done
[ ${#sources[@]} -gt 0 ] || { echo "no sources of Debian in /etc/apt" >&2; exit 1; }
echo "installing Debian $VERSION_CODENAME with systemd, ostree, a kernel and crun"
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$VERSION_CODENAME" "$os" "${sources[@]}"
kernel=$(ls "$os/usr/lib/modules")

echo "making the initramfs of $kernel"
mount -t proc proc "$os/proc"
mount --bind /dev "$os/dev"
chroot "$os" dracut --quiet --force --no-hostonly --no-early-microcode --reproducible --zstd \
  -m 'base systemd systemd-initrd dracut-systemd fs-lib kernel-modules ostree rootfs-block udev-rules shutdown' --drivers 'virtio_blk virtio_pci' /initramfs.img "$kernel"

umount "$os/proc" "$os/dev"

echo "turning it into an OSTree tree"
modules=$os/usr/lib/modules/$kernel
# A virtual machine has few devices, and each release lays down every file anew.
awk -F '[: ]+' '$1 ~ /\/(virtio_blk|virtio_pci|virtio_net|virtio_rng|overlay)\.ko$/ { for (i = 1; i <= NF; i++) if ($i != "") print $i }' "$modules/modules.dep" | sort -u >"$work/modules"
tar -C "$modules" -cf "$work/modules.tar" -T "$work/modules"
rm -rf "$modules/kernel"
tar -C "$modules" -xf "$work/modules.tar"
chroot "$os" depmod "$kernel"
cp -L "$os/boot/vmlinuz-$kernel" "$work/vmlinuz"
rm -f "$modules/vmlinuz"
mv "$work/vmlinuz" "$modules/vmlinuz"
mv "$os/initramfs.img" "$modules/initramfs.img"
chmod 644 "$modules/initramfs.img"
rm -rf "$os"/{boot,dev,proc,sys,run,tmp,var,home,root,srv,mnt,opt,media} "$os"/{vmlinuz,initrd.img}* \
  "$os"/usr/local "$os"/usr/share/{doc,man,locale,zoneinfo,bash-completion,perl,perl5,bug,lintian,initramfs-tools,gcc,gdb,info} "$os"/usr/lib/dracut \
  "$os"/usr/lib/*/{perl,gconv} "$os"/usr/lib/udev/hwdb.d "$os"/usr/lib/udev/hwdb.bin
mkdir "$os"/{boot,dev,proc,sys,run,tmp,var,sysroot}
ln -s sysroot/ostree "$os/ostree"
for folder in home srv mnt opt; do ln -s "var/$folder" "$os/$folder"; done
ln -s var/roothome "$os/root"
ln -s run/media "$os/media"
ln -s ../var/usrlocal "$os/usr/local"
tar --numeric-owner --xattrs -C "$os" -cf "$into/os.tar" .
