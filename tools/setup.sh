#!/usr/bin/env bash
# Installs by apt what is missing of tools/packages.txt; a quick no-op when everything is there.
#   tools/setup.sh [build|check|fuzz|aarch64]...   (default: build)
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
for group in "${@:-build}"; do
  mapfile -t -O "${#packages[@]}" packages < <(awk -v group="$group" '$1 == group {print $2}' tools/packages.txt)
done

if [[ -n ${JET_NO_SETUP:-} ]]; then
  echo "JET_NO_SETUP is set: nothing is installed"
  exit 0
fi

if ! command -v apt-get dpkg-query >/dev/null; then
  echo "this system has no apt; needed are what Debian calls: ${packages[*]}"
  for tool in c++ cmake ninja pkg-config python3; do
    command -v $tool >/dev/null || { echo "error: $tool is not installed" >&2; exit 1; }
  done
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  mapfile -td '|' names < <(printf %s "$package")
  states=$(dpkg-query -W -f='${db:Status-Status}\n' "${names[@]}" 2>/dev/null || true)
  grep -qx installed <<<"$states" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || {
    echo "error: neither root nor sudo: have someone install ${missing[*]}, or set JET_NO_SETUP=1 if you have them from elsewhere" >&2
    exit 1
  }
  as_root=(sudo)
fi

echo "installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
# Libraries for another processor, of which dpkg has to be told: only Debian has them in the same archive.
if [[ " ${missing[*]}" == *:arm64* ]]; then "${as_root[@]}" dpkg --add-architecture arm64; fi
"${apt[@]}" update
for i in "${!missing[@]}"; do
  mapfile -td '|' names < <(printf %s "${missing[i]}")
  for name in "${names[@]}"; do
    # A name that other packages depend on is known without being there.
    if [[ -n $(apt-cache madison "$name" 2>/dev/null) ]]; then break; fi
  done
  missing[i]=$name
done
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" || {
  echo "error: apt could not install ${missing[*]} (on Ubuntu they are in the component 'universe')" >&2
  exit 1
}
