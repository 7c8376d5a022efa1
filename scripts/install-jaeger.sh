#!/bin/sh
# install-jaeger.sh: builds Jaeger's all-in-one with Go into ~/.cache/cartwright/bin, unless it is there or
# in the PATH. From a copy of the module: its replace directive keeps `go install` from building it.
set -eu

version=v1.76.0
bin=${XDG_CACHE_HOME:-$HOME/.cache}/cartwright/bin
! command -v jaeger-all-in-one >/dev/null 2>&1 && [ ! -x "$bin/jaeger-all-in-one" ] || exit 0
PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null 2>&1 || { echo "no real collector: there is neither jaeger-all-in-one nor Go to build it"; exit 1; }
step=$(cd "$(dirname "$0")" && pwd)/step.sh
tree=$(mktemp -d)
trap 'chmod -R u+w "$tree"; rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p "$bin"
source=$(go mod download -json "github.com/jaegertracing/jaeger@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
cp -r "$source" jaeger && chmod -R u+w jaeger && cd jaeger
"$step" "build Jaeger $version (once, about 10 min)" go build -mod=mod -o "$bin/jaeger-all-in-one" ./cmd/all-in-one
