#!/bin/sh
# in-tree.sh TREE DIR COMMAND [ARGUMENT...]: runs COMMAND in the Debian tree TREE, where DIR is what it is
# outside. The process stays in the caller's process group and pid namespace; the mounts end with it.
set -eu
tree=$1 dir=$2
shift 2
export tree dir
exec unshare --mount --propagation private sh -euc '
  mount --bind /proc "$tree/proc"
  mount --rbind /dev "$tree/dev"
  mkdir -p "$tree$dir"
  mount --bind "$dir" "$tree$dir"
  exec chroot "$tree" sh -euc "cd \"\$0\"; exec \"\$@\"" "$dir" "$@"' in-tree "$@"
