#!/usr/bin/env bash
# Finds a Chromium for the tests, or gets one, and prints one line that says which.
# Usage: browser.sh [folder with playwright, such as .venv/bin]
set -u
bin=${1:-.venv/bin}
cache=${PLAYWRIGHT_BROWSERS_PATH:-${XDG_CACHE_HOME:-$HOME/.cache}/ms-playwright}

found() { # Only one that starts counts: a download may lack the libraries of the system.
    [ -x "$1" ] && "$1" --version >/dev/null 2>&1 && echo "Browser: $1" && exit 0
}

look() {
    local name path
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name") && found "$path"
    done
    for path in "$cache"/chromium-*/chrome-linux*/chrome "$cache"/chromium_headless_shell-*/chrome-*/*headless*shell \
        "$cache"/chromium-*/chrome-mac*/*.app/Contents/MacOS/*; do
        found "$path"
    done
}

look
[ -x "$bin/playwright" ] && "$bin/playwright" install chromium >/dev/null 2>&1
look
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >/dev/null 2>&1
    look
fi
echo "No Chromium was found, and none could be installed: install one, for example with 'apt-get install chromium'." >&2
exit 1
