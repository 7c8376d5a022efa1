#!/bin/sh
# comment-width.sh: fails on a comment line beyond 110 columns, which the formatter leaves alone.
# Migrations that have been applied somewhere are never edited again.
long=$(git ls-files | grep -E '\.(ts|cjs|mjs|lua|sql|sh|yaml|tpl)$|^Dockerfile$' | grep -v '/migrations/' |
  xargs awk 'length($0) > 110 && /^[ \t]*(\/\/|\*|\/\*|--|#|\{\{-? *\/\*)/ { print FILENAME ":" FNR ": " $0 }')
[ -z "$long" ] || { echo "$long"; exit 1; }
