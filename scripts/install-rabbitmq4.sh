#!/bin/sh
# install-rabbitmq4.sh: makes a tree of Debian 13 with its RabbitMQ 4 in
# /var/cache/cartwright/rabbitmq4, once, unless the machine's own RabbitMQ is a 4 already.
# Nothing outside that folder changes. Needs root, for the tree's files and for chroot.
set -eu

tree=${CARTWRIGHT_RABBITMQ4:-/var/cache/cartwright/rabbitmq4}
ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-4* >/dev/null 2>&1 && exit 0
[ -x "$tree/usr/lib/rabbitmq/bin/rabbitmq-server" ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "RabbitMQ 4 needs root once, to unpack Debian 13 into $tree: sudo $0" >&2
  exit 1
fi
here=$(dirname "$0")
"$here/install.sh" mmdebstrap
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 -E '/debian/?$') || {
  echo "apt's sources name no Debian mirror, from which RabbitMQ 4 could be taken" >&2
  exit 1
}

mkdir -p "$(dirname "$tree")"
# Who comes second waits for the first, and finds the tree.
exec 9>"$tree.lock"
flock 9
[ -x "$tree/usr/lib/rabbitmq/bin/rabbitmq-server" ] && exit 0
new=$tree.new
rm -rf "$new"
"$here/step.sh" "unpack Debian 13 with RabbitMQ 4 (once)" mmdebstrap --quiet --variant=minbase --include=rabbitmq-server \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --customize-hook='chroot "$1" sh -c "epmd -kill >/dev/null 2>&1 || true"' \
  trixie "$new" "$mirror"
rm -rf "$tree"
mv "$new" "$tree"
