#!/usr/bin/env bash
# Tries `make demo` and `make test` where nothing is installed: makes a Debian tree with debootstrap that has git and make
# alone, clones HEAD into it and runs the targets there as root. Needs root and debootstrap.
#   tools/try_bare.sh [SUITE [TARGET...]]       (default: bookworm demo test)
# The tree is build/bare/SUITE, and stays; a second run uses it again, with what it has installed by then: remove it to begin
# anew. Environment: JET_MIRROR, another mirror than Debian's; JET_BARE_CCACHE, a compiler cache to use inside.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${1:-bookworm}
shift || true
[[ $# -gt 0 ]] || set -- demo test
[[ $(id -u) == 0 ]] || { echo "error: chroot and debootstrap need root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "error: debootstrap is not installed" >&2; exit 1; }

tree=$PWD/build/bare/$suite
if [[ ! -e $tree/made ]]; then
  rm -rf "$tree"
  mkdir -p "$tree"
  tools/step.sh "debootstrap-$suite" debootstrap --variant=minbase --include=git,make "$suite" "$tree" \
    "${JET_MIRROR:-http://deb.debian.org/debian}"
  touch "$tree/made"
fi

# This machine's way to the network: name servers, certificates, and what apt and pip are told of them.
cp /etc/resolv.conf "$tree/etc/resolv.conf"
grep -ls Acquire:: /etc/apt/apt.conf.d/* | xargs -r cp -t "$tree/etc/apt/apt.conf.d"
mapfile -t network < <(env | grep -E '^(PIP_(INDEX_URL|DEFAULT_TIMEOUT)|https?_proxy|no_proxy)=' || true)
if [[ -n ${SSL_CERT_FILE:-} ]]; then
  # Under a name of its own: the package ca-certificates writes its own file anew.
  install -m 644 "$SSL_CERT_FILE" "$tree/etc/host-certificates.crt"
  network+=(SSL_CERT_FILE=/etc/host-certificates.crt PIP_CERT=/etc/host-certificates.crt)
fi

mounted=()
trap 'for place in "${mounted[@]}"; do umount "$place"; done' EXIT
mount_at() {  # mount_at PLACE MOUNT-ARGUMENTS...
  mkdir -p "$tree$1"
  mount "${@:2}" "$tree$1"
  mounted=("$tree$1" "${mounted[@]}")
}
mount_at /proc -t proc proc
mount_at /dev --bind /dev
mount_at /dev/pts -t devpts devpts
cache=()
if [[ -n ${JET_BARE_CCACHE:-} ]]; then
  mount_at /ccache --bind "$JET_BARE_CCACHE"
  cache=(CCACHE_DIR=/ccache CCACHE_BASEDIR=/jet CCACHE_NOHASHDIR=1)
fi

rm -rf "$tree/jet"
git clone --quiet --no-hardlinks . "$tree/jet"
inside=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "${network[@]}" "${cache[@]}")
for target in "$@"; do
  echo "== $suite: make $target"
  begin=$SECONDS
  chroot "$tree" "${inside[@]}" make -C /jet "$target" </dev/null
  echo "== $suite: make $target: $((SECONDS - begin)) s"
done
