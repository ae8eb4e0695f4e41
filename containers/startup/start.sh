#!/bin/sh
# Start the start-up (this folder) with the first Python that is new enough and not too new.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
for python in ${NFEXPLAINN_PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if "$python" -I -S -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
        exec "$python" -I -S "$here" "$@"
    fi
done
echo "[start-up] no Python 3.11 to 3.14 found ($(python3 --version 2>&1 | head -n 1)):" \
    "install one (Debian 12, Ubuntu 24.04: apt install python3) and put it on PATH, then start again" >&2
exit 1
