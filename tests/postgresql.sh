#!/bin/sh
# Make sure that PostgreSQL's programs are there for the tests of the store: Debian's, else by apt as root.
# The tests start a server of their own from them. Without them they are skipped loudly on a person's machine and fail when
# CI=true; so does this.
set -u
[ -n "${ONRECORD_TEST_POSTGRESQL:-}" ] && exit 0
ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing PostgreSQL for the tests of the store (apt-get)"
  # No cluster that runs all the time: the tests need only the programs.
  mkdir -p /etc/postgresql-common/createcluster.d
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/no-main-cluster.conf
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null && exit 0
fi
echo "WARNING: no PostgreSQL is here (apt-get install postgresql, or name one in ONRECORD_TEST_POSTGRESQL): the store will" \
  "not be tested on it" >&2
[ "${CI:-}" != true ]
