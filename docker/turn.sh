#!/bin/sh
# Starts coturn. The secret goes by a file: on a command line every user of the machine could
# read it. Credentials are an HMAC over it and end after minutes (sessions_app/ice.py).
set -eu
umask 077
secret=$(cat /run/secrets/turn_secret)
[ -n "$secret" ] || { echo "secrets/turn_secret is empty" >&2; exit 1; }
conf=/tmp/turnserver.conf
cat > "$conf" <<END
listening-port=3478
min-port=49160
max-port=49959
realm=lantern
use-auth-secret
static-auth-secret=$secret
fingerprint
stale-nonce=600
user-quota=24
total-quota=800
no-cli
no-tls
no-dtls
no-tcp-relay
no-multicast-peers
no-rfc5780
simple-log
log-file=/dev/null
pidfile=/tmp/turnserver.pid
END
# A relay must not be a way into the clinic's network, the cloud's own addresses (169.254) or this
# machine. Newer versions refuse some of these by themselves.
for range in \
    0.0.0.0-0.255.255.255 10.0.0.0-10.255.255.255 100.64.0.0-100.127.255.255 \
    127.0.0.0-127.255.255.255 169.254.0.0-169.254.255.255 172.16.0.0-172.31.255.255 \
    192.0.0.0-192.0.0.255 192.168.0.0-192.168.255.255 198.18.0.0-198.19.255.255 \
    240.0.0.0-255.255.255.255 ::1 ::ffff:0:0-::ffff:ffff:ffff 64:ff9b::-64:ff9b::ffff:ffff \
    fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff
do
    echo "denied-peer-ip=$range" >> "$conf"
done
# Behind a router ("public/private"): browsers are told the public address, and two people who
# both come through this relay meet at the private one, which must therefore be allowed.
if [ -n "${TURN_EXTERNAL_IP:-}" ]; then
    echo "external-ip=$TURN_EXTERNAL_IP" >> "$conf"
    case $TURN_EXTERNAL_IP in
        */*) echo "allowed-peer-ip=${TURN_EXTERNAL_IP#*/}" >> "$conf" ;;
    esac
fi
exec turnserver -c "$conf"
