#!/bin/sh
# install-chart-tools.sh: builds those of helm, kubeconform and helm-unittest that
# are neither in the PATH nor built before, by Go, into ~/.cache/cartwright/bin.
# Without Go it says in one line what is missing, and fails.
set -eu

bin=${XDG_CACHE_HOME:-$HOME/.cache}/cartwright/bin
step=$(dirname "$0")/step.sh
missing=""
for tool in helm kubeconform helm-unittest; do
  command -v "$tool" >/dev/null 2>&1 || [ -x "$bin/$tool" ] || missing="$missing $tool"
done
[ -n "$missing" ] || exit 0
if ! command -v go >/dev/null 2>&1; then
  echo "The charts are not tested: there is neither Go nor$missing"
  exit 1
fi
mkdir -p "$bin"

# The module's own go.mod counts, with what it replaces: it is built in a copy of its folder.
build() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  folder=$(cd "$tree" && go mod download -json "$2" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  cp -r "$folder/." "$tree" && chmod -R u+w "$tree"
  (cd "$tree" && "$3" "build $1" env GOFLAGS= go build -ldflags "$5" -o "$bin/$1" "$4")
  rm -rf "$tree"
}
step=$(cd "$(dirname "$step")" && pwd)/step.sh
for tool in $missing; do
  case $tool in
    helm) build helm helm.sh/helm/v4@v4.3.1 "$step" ./cmd/helm "-X helm.sh/helm/v4/internal/version.version=v4.3.1" ;;
    kubeconform) build kubeconform github.com/yannh/kubeconform@v0.8.0 "$step" ./cmd/kubeconform "" ;;
    helm-unittest) build helm-unittest github.com/helm-unittest/helm-unittest@v1.1.2 "$step" ./cmd/helm-unittest "" ;;
  esac
done
