#!/usr/bin/env bash
# Makes the packages of a finished build, installs them into a new, small Debian and uses them there: the program, the
# library from C and C++, the trainer, the unpacked archive.
#   package_test.sh BUILD SOURCE WORK    (the build's folder, the repository, a folder of its own)
# Exit status 77: it cannot be tried here.
set -euo pipefail
readonly build=$1 source=$2 work=$3 root=$3/root

say() { echo "[$SECONDS s] $*"; }
skip() { echo "skipped: $*"; exit 77; }
fail() { echo "failed: $*"; exit 1; }

[ "$(id -u)" -eq 0 ] || skip "only root may make a new root"
for tool in dpkg-deb dpkg-shlibdeps debootstrap apt-get unshare chroot; do
  command -v $tool >/dev/null || skip "$tool is not installed"
done
# Mounts in a namespace of our own are gone when we are, however we end.
if [ -z "${VULTUS_OWN_MOUNTS:-}" ]; then
  unshare --mount true 2>/dev/null || skip "no mount namespace"
  VULTUS_OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
trap 'umount -l "$root/proc" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT

# The release that the packages are made on, and its mirrors as apt has them: "SITE SUITE".
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirrors=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
  awk -v r="$release" '$3 == "main" && ($2 == r || $2 == r "-updates" || $2 == r "-security") {print $1, $2}' | sort -u)
mirror=$(awk -v r="$release" '$2 == r {print $1; exit}' <<<"$mirrors")
[ -n "$mirror" ] || skip "apt knows no mirror of '$release'"

# What runs in the new root; its environment is ours, proxies included.
in_root() { DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@"; }
install() { in_root apt-get install -y -qq --no-install-recommends "$@" >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; return 1; }; }

make_packages() {
  cpack --config "$build/CPackConfig.cmake" -B "$work/packages" >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log"; exit 1; }
  ls -l "$work"/packages/*.deb "$work"/packages/*.tar.gz
  local package
  for package in "$work"/packages/*.deb; do dpkg-deb --info "$package"; done
  if command -v lintian >/dev/null; then lintian --fail-on error "$work"/packages/*.deb || fail "lintian"; fi
}

make_root() {
  debootstrap --variant=minbase "$release" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail "$work/debootstrap.log"; skip "debootstrap from apt's mirror failed"; }
  mount --bind /proc "$root/proc"
  sed 's/.*/deb & main/' <<<"$mirrors" >"$root/etc/apt/sources.list"
  apt-config dump Acquire | grep -i proxy >"$root/etc/apt/apt.conf.d/01proxy" || true
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
  in_root apt-get update -qq
  mkdir "$root/try"
  cp "$work"/packages/*.deb "$source/samples/three-sentences.wav" "$source"/tests/install/{CMakeLists.txt,consumer.c,consumer.cpp} \
    "$root/try/"
}

# The number of pictures in the MP4 file $1: that of its first track.
frames_of() {
  local at
  at=$(grep -abo stsz "$1" | head -n 1 | cut -d: -f1)
  od -An -tu4 --endian=big -j $((at + 12)) -N 4 "$1" | tr -d ' '
}

# The program $1 makes the person $2 say the sample.
check_talk() {
  local expected
  # 16-bit mono at 16 kHz after a header of 44 bytes; the last frame may be heard in part.
  expected=$(((($(stat -c %s "$root/try/three-sentences.wav") - 44) / 2 * 25 + 15999) / 16000))
  in_root "$1" talk "$2" /try/three-sentences.wav -o /try/said.mp4 -q
  local frames
  frames=$(frames_of "$root/try/said.mp4")
  [ "$frames" -eq "$expected" ] || fail "$1 talk: expected $expected frames, got $frames"
  rm "$root/try/said.mp4"
  say "$1 talk: $frames frames"
}

check_program() {
  install "/try/$(cd "$work/packages" && ls vultus_*.deb)"
  say "installed the package: $(in_root dpkg-query -W | wc -l) packages in all"
  [[ $(in_root dpkg-query -W) != *libtorch* ]] || fail "the program wants LibTorch"
  in_root vultus --version
  check_talk vultus /usr/share/vultus/grid-s1.vultus
  [ -n "$(in_root vultus phones /try/three-sentences.wav)" ] || fail "phones hears nothing"
  [ -s "$root/usr/share/man/man1/vultus.1.gz" ] || fail "no manual page"
  in_root bash -c 'source /usr/share/bash-completion/completions/vultus && complete -p vultus' >/dev/null
  [ -s "$root/usr/share/zsh/vendor-completions/_vultus" ] || fail "no completion for zsh"
  [ -s "$root/usr/share/doc/vultus/copyright" ] || fail "no copyright"
}

check_library() {
  install gcc g++ libc6-dev cmake make pkg-config
  in_root sh -c 'cc -std=c99 -Wall -Wextra -pedantic -Werror /try/consumer.c -o /try/consumer_pc $(pkg-config --cflags --libs vultus)'
  in_root /try/consumer_pc /usr/share/vultus/grid-s1.vultus
  in_root sh -c 'cmake -S /try -B /try/build >/dev/null && cmake --build /try/build >/dev/null'
  in_root /try/build/consumer_c /usr/share/vultus/grid-s1.vultus
  in_root /try/build/consumer_cpp /usr/share/vultus/grid-s1.vultus
  in_root /try/build/consumer_cpp /usr/share/vultus/grid-s1.vultus listen >/dev/null
  say "built and ran the library's consumers without FFmpeg's development files"
}

check_trainer() {
  local package
  package=$(cd "$work/packages" && ls vultus-train_*.deb 2>/dev/null) || return 0  # built without LibTorch
  install "/try/$package"
  [[ $(in_root vultus-train --help) == *--budget* ]] || fail "the trainer's help"
  say "installed the trainer"
}

check_archive() {
  in_root dpkg --purge vultus-train vultus >/dev/null 2>&1 || true
  [ ! -e "$root/usr/bin/vultus" ] || fail "the package cannot be removed"
  local folder=/try/else/where
  mkdir -p "$root$folder"
  tar -xzf "$work"/packages/vultus-[0-9]*.tar.gz -C "$root$folder" --strip-components=1
  check_talk $folder/bin/vultus $folder/share/vultus/grid-s1.vultus
  in_root sh -c "cc -std=c99 /try/consumer.c -o /try/consumer_tar \$(PKG_CONFIG_PATH=$folder/lib/pkgconfig pkg-config --cflags --libs vultus)"
  in_root env LD_LIBRARY_PATH=$folder/lib /try/consumer_tar $folder/share/vultus/grid-s1.vultus
}

rm -rf "$work"
mkdir -p "$work"
make_packages
say "made the packages"
make_root
say "made a root of $release"
check_program
check_library
check_trainer
check_archive
say "all is well"
