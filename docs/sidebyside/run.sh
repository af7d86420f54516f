#!/usr/bin/env bash
# Signs one card in four ways over sockets, in one run: Caddy's respond with a body of that size, add_card, a bare
# net/http server (bare.go) and a Node server on the npm package co-wechat-api (server.mjs).
# Usage: docs/sidebyside/run.sh [rounds [seconds of each measurement]]; needs ./caddy, Go, node, npm, wrk and curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rounds=${1:-9} seconds=${2:-3}
for tool in go node npm wrk curl; do
	command -v "$tool" >/dev/null || { echo "please install $tool" >&2; exit 1; }
done
[ -x caddy ] || { echo 'please build ./caddy first: ./xcaddy.sh' >&2; exit 1; }

dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null || true; rm -rf "$dir"' EXIT

. docs/ports.sh
free_ports 5 18180
sandbox=http://127.0.0.1:${ports[0]}
declare -A url=(
	[respond]=127.0.0.1:${ports[1]} [add_card]=127.0.0.1:${ports[2]}
	[net/http]=127.0.0.1:${ports[3]} [co-wechat-api]=127.0.0.1:${ports[4]}
)
card=pBench00000000000000000000001

await() {
	for ((i = 0; i < 100; i++)); do
		curl -fs -o "$dir/card" "$1/addCard?card_id=$card" && return
		sleep 0.1
	done
	echo "$1 does not answer" >&2
	exit 1
}

go build -o "$dir/bare" docs/sidebyside/bare.go
cp docs/sidebyside/{server.mjs,package.json} "$dir"
(cd "$dir" && npm install --silent --no-package-lock >/dev/null)

filler=$(printf 'x%.0s' {1..252}) # as long as an answer of add_card
cat >"$dir/Caddyfile" <<-END
	{
		admin off
		persist_config off
		default_bind 127.0.0.1
		log {
			level ERROR
		}
		wechat_card {
			api $sandbox
			store off
			account {
				app_id wx5a6d8b2c4e1f3a70
				app_secret {env.BENCH_SECRET}
			}
		}
	}
	:${ports[0]} {
		wechat_sandbox
	}
	:${ports[1]} {
		respond /addCard "$filler"
	}
	:${ports[2]} {
		wechat_card /addCard add_card {
			card *
		}
	}
END
BENCH_SECRET=secret XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir ./caddy run --config "$dir/Caddyfile" 2>"$dir/log" &
pids+=($!)
await "${url[add_card]}"
"$dir/bare" "${url[net/http]}" "$sandbox" &
pids+=($!)
node "$dir/server.mjs" "${ports[4]}" "$sandbox" &
pids+=($!)
await "${url[net/http]}"
await "${url[co-wechat-api]}"

names=(respond add_card net/http co-wechat-api)
for ((round = 0; round <= rounds; round++)); do # round 0 warms up
	for name in "${names[@]}"; do
		wrk -t1 -c32 -d"${seconds}s" "http://${url[$name]}/addCard?card_id=$card" >"$dir/wrk"
		if grep -q 'Non-2xx\|Socket errors' "$dir/wrk"; then
			cat "$dir/wrk" >&2
			exit 1
		fi
		awk -v name="$name" -v round="$round" '/^Requests\/sec/ && round { print name, $2 }' "$dir/wrk" >>"$dir/rates"
	done
done
echo "$(nproc) CPUs, wrk on the same machine with 32 connections, $rounds rounds of $seconds s: median (least to most) requests a second"
for name in "${names[@]}"; do
	awk -v name="$name" '$1 == name { print $2 }' "$dir/rates" | sort -n |
		awk -v name="$name" '{ a[NR] = $1 } END { printf "%-14s %6.0f  (%.0f to %.0f)\n", name, a[int((NR + 1) / 2)], a[1], a[NR] }'
done
