#!/bin/sh
# install-debian13.sh: makes a tree of Debian 13 with its RabbitMQ 4, Redis 8 and PgBouncer 1.24 in
# /var/cache/cartwright/debian13, once, unless the machine's own are as new already.
# Nothing outside that folder changes. Needs root, for the tree's files and for chroot.
set -eu

tree=${CARTWRIGHT_DEBIAN13:-/var/cache/cartwright/debian13}
# The number after a word in what a program says of its version, with the dot left out.
version() { "$1" --version 2>/dev/null | sed -n "s/.*$2\([0-9]*\)\.\([0-9]*\).*/\1\2/p" | head -n 1; }
recent() {
  redis=$(version redis-server v=) pgbouncer=$(version pgbouncer "PgBouncer ")
  ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-4* >/dev/null 2>&1 && [ "${redis:-0}" -ge 80 ] && [ "${pgbouncer:-0}" -ge 121 ]
}
complete() {
  [ -x "$tree/usr/lib/rabbitmq/bin/rabbitmq-server" ] && [ -x "$tree/usr/bin/redis-server" ] &&
    [ -x "$tree/usr/sbin/pgbouncer" ]
}
if complete || recent; then exit 0; fi
if [ "$(id -u)" -ne 0 ]; then
  echo "RabbitMQ 4, Redis 8 and PgBouncer need root once, to unpack Debian 13 into $tree: sudo $0" >&2
  exit 1
fi
here=$(dirname "$0")
"$here/install.sh" mmdebstrap
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 -E '/debian/?$') || {
  echo "apt's sources name no Debian mirror, from which RabbitMQ 4, Redis 8 and PgBouncer could be taken" >&2
  exit 1
}

mkdir -p "$(dirname "$tree")"
# Who comes second waits for the first, and finds the tree.
exec 9>"$tree.lock"
flock 9
complete && exit 0
new=$tree.new
rm -rf "$new" "$tree.old"
"$here/step.sh" "unpack Debian 13 with its servers (once)" mmdebstrap --quiet --variant=minbase \
  --include=rabbitmq-server,redis-server,pgbouncer \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --customize-hook='chroot "$1" sh -c "epmd -kill >/dev/null 2>&1 || true"' \
  trixie "$new" "$mirror"
# What runs in a former, incomplete tree goes on with its files until the next time.
[ ! -e "$tree" ] || mv "$tree" "$tree.old"
mv "$new" "$tree"
