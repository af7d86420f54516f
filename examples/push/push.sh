#!/bin/sh
# Pushes a message as WeChat does in plain mode (明文模式): push.sh <url> <message>
timestamp=$(date +%s)
nonce=$$$timestamp
sha1=$(command -v sha1sum || echo shasum)
signature=$(printf '%s\n' "${PUSH_TOKEN:-t0ken}" "$timestamp" "$nonce" | LC_ALL=C sort | tr -d '\n' | "$sha1" | cut -d' ' -f1)
exec curl -s -H 'Content-Type: text/xml' --data-binary "$2" "$1?signature=$signature&timestamp=$timestamp&nonce=$nonce"
