#!/bin/sh
# step.sh WHAT COMMAND...: runs the command and says what it was
# and how long it took; its output is shown when it fails.
what=$1
shift
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
[ ! -t 1 ] || printf '  … %s' "$what"
began=$(date +%s%N)
"$@" >"$log" 2>&1
code=$?
[ ! -t 1 ] || printf '\r'
if [ "$code" -ne 0 ]; then
  printf '  ✗ %s\n' "$what"
  cat "$log" >&2
  exit "$code"
fi
tenths=$((($(date +%s%N) - began) / 100000000))
printf '  ✓ %-44s %3d.%d s\n' "$what" $((tenths / 10)) $((tenths % 10))
