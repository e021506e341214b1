#!/bin/sh
# Make sure that a Chromium is there for the browser tests: on the PATH, else by apt as root, else by Playwright.
# Without one the tests are skipped loudly on a person's machine and fail when CI=true; the tests themselves see to that.
set -u
python=${1:?usage: install.sh PYTHON}
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium for the browser tests (apt-get)"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "Installing Chromium for the browser tests (Playwright)"
"$python" -m playwright install chromium && exit 0
echo "WARNING: no Chromium could be installed: the browser tests will not run" >&2
[ "${CI:-}" != true ]
