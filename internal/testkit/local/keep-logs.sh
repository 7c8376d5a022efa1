#!/bin/sh
# keep-logs.sh BYTES SECONDS FOLDER...: bounds the *.log files of these folders while it runs. One that
# has grown beyond BYTES becomes <name>.log.1, in place of an earlier one, and is emptied where it is, because
# its writer keeps it open (for appending). So a log takes twice BYTES, and what is written in SECONDS.
bytes=$1 seconds=$2
shift 2
umask 077
while :; do
  left=
  for folder; do
    [ ! -d "$folder" ] || left=some
    for log in "$folder"/*.log; do
      size=$(stat -c %s "$log" 2>/dev/null) || continue
      [ "$size" -le "$bytes" ] || { tail -c "$bytes" "$log" >"$log.1" && : >"$log"; }
    done
  done
  [ -n "$left" ] || exit 0 # what it served was removed without `make down`
  sleep "$seconds"
done
