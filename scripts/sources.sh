# Sourced by package.sh and package_check.sh: time and commit of the sources, unless the caller has set them. The program and the
# package hold both. A commit whose work tree is modified ends in -dirty.
# shellcheck shell=bash
[ -n "${SOURCE_DATE_EPOCH:-}" ] || SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
if [ -z "${BUILD_COMMIT:-}" ]; then
    BUILD_COMMIT=$(git rev-parse --short=12 HEAD)
    modified=$(git status --porcelain)
    [ -z "$modified" ] || BUILD_COMMIT+=-dirty
fi
# Assigned before, because export hides that git failed.
export SOURCE_DATE_EPOCH BUILD_COMMIT
