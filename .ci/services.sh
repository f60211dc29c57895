# PostgreSQL and Redis for the tests: used where they answer, installed and started where they do not.
# Sourced by `run`.

DATABASE=""
REDIS=""
REDIS_NUMBER=""
REDIS_IS_OURS=""

# Two steps may want something at the same time.
apt_install() {
    [ "$(id -u)" -eq 0 ] || die "Please install: $*"
    export DEBIAN_FRONTEND=noninteractive
    (
        flock 8
        apt-get -qq -o DPkg::Lock::Timeout=300 update
        apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" >"$TMP/apt.log" 2>&1 || {
            tail -n 30 "$TMP/apt.log" >&2
            die "Could not be installed: $*"
        }
    ) 8>"$TMP/apt.lock"
}

answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

wait_for() {
    local left=150
    until answers "$1"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || die "Nothing answers on port $1."
        sleep 0.2
    done
}

postgres_up() {
    command -v psql >/dev/null && command -v pg_ctlcluster >/dev/null || answers 5432 || apt_install postgresql
    command -v psql >/dev/null || apt_install postgresql-client
    if ! answers 5432; then
        local version name
        read -r version name < <(pg_lsclusters --no-header | awk '$3 == 5432 { print $1, $2; exit }') ||
            die "PostgreSQL is installed, but there is no cluster for port 5432."
        pg_ctlcluster --skip-systemctl-redirect "$version" "$name" start
    fi
    wait_for 5432
}

# As the superuser: over TCP where that is trusted, else as the system's user of that name.
superuser_sql() {
    if psql -qXw -h 127.0.0.1 -U postgres -d postgres -c '' 2>/dev/null; then
        psql -qXw -h 127.0.0.1 -U postgres -d postgres -v ON_ERROR_STOP=1 "$@"
    else
        (cd / && runuser -u postgres -- psql -qX -d postgres -v ON_ERROR_STOP=1 "$@")
    fi
}

# A role and a database of this run's own. A password works under Debian's rules and where all are trusted.
make_database() {
    local name=calendly_ci_$$ password
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    superuser_sql -c "CREATE ROLE $name LOGIN CREATEDB PASSWORD '$password'" -c "CREATE DATABASE $name OWNER $name"
    DATABASE=postgres://$name:$password@127.0.0.1:5432/$name
}

drop_database() {
    [ -n "$DATABASE" ] || return 0
    local name=calendly_ci_$$ rest
    for rest in $(superuser_sql -At -c "SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE rolname = '$name'"); do
        superuser_sql -c "DROP DATABASE \"$rest\" WITH (FORCE)" || true
    done
    superuser_sql -c "DROP ROLE $name" || true
    DATABASE=""
}

redis_up() {
    command -v redis-server >/dev/null && command -v redis-cli >/dev/null || apt_install redis-server
    if ! answers 6379; then
        redis-server --daemonize yes --bind 127.0.0.1 --port 6379 --save "" --appendonly no --dir / >/dev/null
        REDIS_IS_OURS=yes
    fi
    wait_for 6379
}

# A database of that Redis that is not in use.
choose_redis() {
    local number
    for number in 15 14 13 12 11 10 9; do
        if [ "$(redis-cli -n "$number" dbsize)" = 0 ]; then
            REDIS_NUMBER=$number
            REDIS=redis://127.0.0.1:6379/$number
            return
        fi
    done
    die "Every database of the Redis on port 6379 is in use."
}

leave_redis() {
    [ -z "$REDIS_NUMBER" ] || redis-cli -n "$REDIS_NUMBER" flushdb >/dev/null || true
    [ -z "$REDIS_IS_OURS" ] || redis-cli shutdown nosave >/dev/null 2>&1 || true
    REDIS_NUMBER="" REDIS_IS_OURS=""
}
