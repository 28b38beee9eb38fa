#!/usr/bin/env bash
# Installs what the build needs from Debian's packages, only what is missing; on other systems it says what to
# install. Usage: system-packages.sh [PYTHON], which also looks for what that interpreter needs.
set -euo pipefail
python=${1:-}
missing=()     # without these nothing is built
libraries=()   # CMake fetches these where they are missing and there is no apt

have_header() { printf '#include <%s>\n' "$1" | c++ -x c++ -E - >/dev/null 2>&1; }
have_python() {
  command -v "$python" >/dev/null &&
    "$python" -c 'import ensurepip, os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' 2>/dev/null
}

command -v c++ >/dev/null || missing+=(g++)
command -v cmake >/dev/null || missing+=(cmake)
command -v ninja >/dev/null || missing+=(ninja-build)
command -v git >/dev/null || missing+=(git)
[[ -z $python ]] || have_python || missing+=(python3 python3-venv python3-dev)
have_header simdjson.h || libraries+=(libsimdjson-dev)
have_header zlib.h || libraries+=(zlib1g-dev)
have_header zstd.h || libraries+=(libzstd-dev)
have_header xxhash.h || libraries+=(libxxhash-dev)

packages=("${missing[@]}" "${libraries[@]}")
if ((${#packages[@]} > 0)); then
  if command -v apt-get >/dev/null; then
    sudo=$([[ $(id -u) == 0 ]] || echo sudo)
    echo "Installing ${packages[*]}" >&2
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
  elif ((${#missing[@]} > 0)); then
    echo "error: please install what Debian calls ${packages[*]}, then run this again." >&2
    exit 1
  fi
fi

if [[ -n $python ]] && ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  version=$("$python" --version 2>/dev/null || echo "not installed")
  echo "error: $python is $version, but tunegate needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2
  exit 1
fi
