#!/bin/sh
# install-shop.sh NAME: installs a shop that `make bench ONLY=peers` measures beside the cart (140 to 670 MB),
# once for each lock file, into ~/.cache/cartwright/shops; puts our files for it there, and prints the folder.
set -eu

name=$1
scripts=$(cd "$(dirname "$0")" && pwd)
source=$scripts/../internal/proof/bench/shops/$name
lock=$(sha256sum "$source/package-lock.json" | cut -c 1-12)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/cartwright/shops/$name-$lock
mkdir -p "$dir"
cp "$source"/* "$dir"
if [ ! -e "$dir/.installed" ]; then
  "$scripts/step.sh" "install $name (once)" npm ci --prefix "$dir" --no-fund --no-audit --loglevel=error >&2
  root=$(cd "$scripts/.." && pwd)
  (cd "$dir" && "$scripts/step.sh" "types of our files for $name" "$root/node_modules/.bin/tsc" --noEmit --strict \
    --target es2024 --module nodenext --skipLibCheck --allowImportingTsExtensions --erasableSyntaxOnly \
    --verbatimModuleSyntax --types node --typeRoots "$root/node_modules/@types" ./*.ts) >&2
  touch "$dir/.installed"
fi
echo "$dir"
