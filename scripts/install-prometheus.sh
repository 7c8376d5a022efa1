#!/bin/sh
# install-prometheus.sh: unpacks prometheus and promtool from Debian's package (19 MB) into
# ~/.cache/cartwright/bin, unless they are in the PATH or were unpacked before. Installs nothing.
# Elsewhere than on Debian it says in one line what is missing, and fails.
set -eu

bin=${XDG_CACHE_HOME:-$HOME/.cache}/cartwright/bin
missing=""
for tool in prometheus promtool; do
  command -v "$tool" >/dev/null 2>&1 || [ -x "$bin/$tool" ] || missing="$missing $tool"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "Dashboards and rules are not tested: there is neither apt-get nor$missing"
  exit 1
fi
step=$(cd "$(dirname "$0")" && pwd)/step.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
"$step" "unpack Debian's Prometheus (once)" sh -c 'apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }
dpkg-deb --fsys-tarfile prometheus_*.deb | tar x ./usr/bin'
mkdir -p "$bin"
mv usr/bin/prometheus usr/bin/promtool "$bin"
