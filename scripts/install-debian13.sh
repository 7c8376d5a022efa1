#!/bin/sh
# install-debian13.sh: makes a tree of Debian 13 with its RabbitMQ 4 and its Redis 8 in
# /var/cache/cartwright/debian13, once, unless the machine's own servers are as new already.
# Nothing outside that folder changes. Needs root, for the tree's files and for chroot.
set -eu

tree=${CARTWRIGHT_DEBIAN13:-/var/cache/cartwright/debian13}
redis_major=$(redis-server --version 2>/dev/null | sed -n 's/.* v=\([0-9]*\)\..*/\1/p')
if ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-4* >/dev/null 2>&1 && [ "${redis_major:-0}" -ge 8 ]; then exit 0; fi
[ -e "$tree" ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "RabbitMQ 4 and Redis 8 need root once, to unpack Debian 13 into $tree: sudo $0" >&2
  exit 1
fi
here=$(dirname "$0")
"$here/install.sh" mmdebstrap
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 -E '/debian/?$') || {
  echo "apt's sources name no Debian mirror, from which RabbitMQ 4 and Redis 8 could be taken" >&2
  exit 1
}

mkdir -p "$(dirname "$tree")"
# Who comes second waits for the first, and finds the tree.
exec 9>"$tree.lock"
flock 9
[ -e "$tree" ] && exit 0
new=$tree.new
rm -rf "$new"
"$here/step.sh" "unpack Debian 13 with RabbitMQ 4 and Redis 8" mmdebstrap --quiet --variant=minbase \
  --include=rabbitmq-server,redis-server \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --customize-hook='chroot "$1" sh -c "epmd -kill >/dev/null 2>&1 || true"' \
  trixie "$new" "$mirror"
mv "$new" "$tree"
