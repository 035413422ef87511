#!/bin/sh
# Starts Milvus servers that only this machine reaches, runs the tests of the module Milvus against them, and stops them.
# The tests are built: `make test-milvus` does both.
#
#   run.sh [lite] [full]    milvus-lite, in Python; the real server, in a network namespace of its own, as root
set -eu
cd "$(dirname "$0")/../.."
export MILVUS_HOME="$PWD/.cache/milvus"
server=Scripts/milvus-server.sh
failed=0
tls=$MILVUS_HOME/tls
secure=

# Another door to milvus-lite, with TLS and a token: it has neither itself.
tls_start() {
    rm -rf "$tls" && mkdir -p "$tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$tls/key.pem" -out "$tls/certificate.pem" 2>/dev/null
    cat >"$tls/nginx.conf" <<END
pid $tls/pid;
error_log $tls/error.log;
events {}
http {
    access_log off;
    server {
        listen 127.0.0.1:19543 ssl http2;
        ssl_certificate $tls/certificate.pem;
        ssl_certificate_key $tls/key.pem;
        location / {
            # root:secret
            if (\$http_authorization != "cm9vdDpzZWNyZXQ=") { return 401; }
            grpc_pass grpc://127.0.0.1:19540;
        }
    }
}
END
    nginx -c "$tls/nginx.conf"
    secure=https://localhost:19543
}

tls_stop() {
    secure=
    [ ! -s "$tls/pid" ] || kill "$(cat "$tls/pid")"
}

for kind in "$@"; do
    # No row of another run.
    $server clean "$kind"
    case $kind in
    lite) port=19540 conditions=1000 ;;
    full) port=19530 conditions=10000 ;;
    *) echo "run.sh: lite or full, not '$kind'" >&2; exit 64 ;;
    esac
    trap '$server clean "$kind"; tls_stop' EXIT
    $server start "$kind"
    [ "$kind" = full ] || tls_start
    echo "testing against Milvus, $kind"
    $server exec "$kind" env SWIFT_FAISS_MILVUS="http://127.0.0.1:$port" \
        SWIFT_FAISS_MILVUS_CONDITIONS="${CONDITIONS:-$conditions}" \
        SWIFT_FAISS_MILVUS_SECURE="$secure" SWIFT_FAISS_MILVUS_CERTIFICATE="$tls/certificate.pem" \
        swift test -c release --disable-testable-imports --traits Milvus --skip-build --filter MilvusTests || failed=1
    $server clean "$kind"
    tls_stop
done
exit $failed
