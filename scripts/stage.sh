#!/usr/bin/env bash
# stage.sh NAME COMMAND…: runs the command and prints the result and how long it took.
set -euo pipefail

name=$1
shift
printf '== %s\n' "$name"
start=$SECONDS
status=0
"$@" || status=$?
if [ "$status" -eq 0 ]; then
    printf '== %s: ok, %d s\n\n' "$name" $((SECONDS - start))
else
    printf '== %s: FAILED (exit code %d), %d s\n\n' "$name" "$status" $((SECONDS - start))
fi
exit "$status"
