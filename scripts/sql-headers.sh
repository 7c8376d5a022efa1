#!/bin/sh
# sql-headers.sh: fails on an SQL statement whose header, the comment that it begins with, has no line
# "-- Result: ", or does not name exactly the arguments ($1 or @name) that the statement uses.
# Arguments of SQL Server are in lower case; what it declares itself is none.
git ls-files 'internal/*.sql' | grep -v '/migrations/' | xargs awk '
  function collect(line, into) {
    while (match(line, /[$][0-9]+|@[a-z_]+/)) {
      into[substr(line, RSTART, RLENGTH)] = 1
      line = substr(line, RSTART + RLENGTH)
    }
  }
  function fault(text) { print file ": " text; faults = 1 }
  function judge(   name) {
    if (!result) fault("no line \"-- Result: \" in the header")
    for (name in used) if (!(name in declared) && !(name in named)) fault("the header does not name " name)
    for (name in named) if (!(name in used)) fault("the header names " name ", which is not used")
  }
  FNR == 1 {
    if (file != "") judge()
    file = FILENAME; header = 1; result = 0; declaring = 0
    split("", named); split("", used); split("", declared)
  }
  header && /^--/ { if (/^-- Result: ./) result = 1; collect($0, named); next }
  { header = 0; sub(/--.*/, ""); collect($0, used) }
  /DECLARE/ { declaring = 1 }
  declaring { collect($0, declared) }
  /;/ { declaring = 0 }
  END { judge(); exit faults }
'
