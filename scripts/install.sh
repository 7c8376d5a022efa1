#!/bin/sh
# install.sh [PACKAGE...]: installs the Debian packages that are missing: Redis, RabbitMQ,
# PostgreSQL, and those named. Starts none of their services, and leaves services that run
# alone. Without root or sudo, or elsewhere than on Debian, says what to install.
set -eu

missing=""
command -v redis-server >/dev/null 2>&1 && command -v redis-cli >/dev/null 2>&1 || missing="$missing redis-server"
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$missing rabbitmq-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
for extra in "$@"; do command -v "$extra" >/dev/null 2>&1 || missing="$missing $extra"; done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "Please install Redis >= 7, RabbitMQ >= 3.10 and PostgreSQL >= 13 in Debian's places; missing:$missing" >&2
  exit 1
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo="sudo"; else
    echo "Not root. Please run: sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  # Debian's way to say that a package must not start its service at installation.
  trap '$sudo rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
  $sudo chmod 755 "$policy"
fi
# Erlang's port mappers of the user rabbitmq: the installation of RabbitMQ leaves one running.
mappers() {
  for process in /proc/[0-9]*; do
    [ "$(cat "$process/comm" 2>/dev/null)" = epmd ] || continue
    [ "$(stat -c %U "$process" 2>/dev/null)" = rabbitmq ] && echo "${process#/proc/}"
  done
  return 0
}
before=" $(mappers | tr '\n' ' ') "

apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq"
step=$(dirname "$0")/step.sh
"$step" "refresh the list of Debian packages" $apt update
"$step" "install$missing" $apt install -y --no-install-recommends $missing

for pid in $(mappers); do
  case "$before" in *" $pid "*) ;; *) $sudo kill "$pid" ;; esac
done
