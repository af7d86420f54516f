#!/usr/bin/env bash
# Measures with wrk what settings of Caddy's own cost a request that signs one card (add_card): one line for each, with the CPU time
# a request in µs, and requests a second.
#
#   plain     add_card alone
#   matchers  ten routes in front of it whose path matchers do not match
#   encode    `encode`, for a client that takes gzip; an answer is too short to be packed
#   log       an access log, to a file
#   metrics   the global option `metrics`
#   https     over TLS 1.3, on connections that are kept
#
# Each has a site of its own, `metrics` a process of its own, and each round measures every one of them, forwards and backwards by turns.
# A figure is the median over the rounds, in brackets the least one, which what else the machine does disturbs least. It reports; it
# does not judge.
# Usage: docs/settings.sh [rounds [seconds of each measurement]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-9} seconds=${2:-2}

for tool in wrk curl; do
	command -v "$tool" >/dev/null || { echo "please install $tool" >&2; exit 1; }
done
[ -x caddy ] || { echo 'please build ./caddy first: ./xcaddy.sh' >&2; exit 1; }

dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
export BENCH_SECRET=secret XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir

. docs/ports.sh
free_ports 8 18280
sandbox=${ports[0]}

# options [MORE]: the global options.
options() {
	cat <<-END
		{
			admin off
			persist_config off
			skip_install_trust
			auto_https disable_redirects
			http_port ${ports[7]}
			default_bind 127.0.0.1
			$1
			log {
				level ERROR
			}
			wechat_card {
				api http://127.0.0.1:$sandbox
				store off
				account {
					app_id wx5a6d8b2c4e1f3a70
					app_secret {env.BENCH_SECRET}
				}
			}
		}
	END
}

# site ADDRESS [MORE]: a site that signs a card.
site() {
	cat <<-END
		$1 {
			$2
			wechat_card /addCard add_card {
				card pBench00000000000000000000001
			}
		}
	END
}

{
	options ''
	echo "http://:$sandbox { wechat_sandbox
	}"
	site "http://:${ports[1]}" ''
	site "http://:${ports[2]}" "$(for i in {0..9}; do printf 'respond /other%d/* no\n' "$i"; done)"
	site "http://:${ports[3]}" encode
	site "http://:${ports[4]}" "log {
		output file $dir/access.log
	}"
	site "https://localhost:${ports[5]}" 'tls internal'
} >"$dir/Caddyfile"
{
	options metrics
	site "http://:${ports[6]}" ''
} >"$dir/metrics.Caddyfile"

declare -A url=(
	[plain]=http://127.0.0.1:${ports[1]} [matchers]=http://127.0.0.1:${ports[2]} [encode]=http://127.0.0.1:${ports[3]}
	[log]=http://127.0.0.1:${ports[4]} [https]=https://localhost:${ports[5]} [metrics]=http://127.0.0.1:${ports[6]}
)
for config in Caddyfile metrics.Caddyfile; do
	./caddy run --config "$dir/$config" 2>"$dir/log" &
	pids+=($!)
done
for name in "${!url[@]}"; do
	for ((i = 0; i < 100; i++)); do
		curl -fsk -o /dev/null "${url[$name]}/addCard" && continue 2
		sleep 0.1
	done
	cat "$dir/log" >&2
	exit 1
done

# ticks PID: how many clock ticks of CPU time a process has used; 0 where there is no /proc.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat" 2>/dev/null || echo 0; }

# measure NAME: one line "name CPU-µs/request requests/s".
measure() {
	local pid=${pids[0]} before
	[ "$1" != metrics ] || pid=${pids[1]}
	before=$(ticks "$pid")
	wrk -t1 -c32 -d"${seconds}s" -H 'Accept-Encoding: gzip' "${url[$1]}/addCard" >"$dir/wrk"
	if grep -q 'Non-2xx\|Socket errors' "$dir/wrk"; then
		cat "$dir/wrk" >&2
		exit 1
	fi
	awk -v "name=$1" -v "ticks=$(($(ticks "$pid") - before))" -v "hz=$(getconf CLK_TCK)" '
		/ requests in / { n = $1 }
		/^Requests\/sec/ { print name, ticks / hz / n * 1e6, $2 }
	' "$dir/wrk"
}

names=(plain matchers encode log metrics https)
order=("${names[@]}")
for name in "${order[@]}"; do measure "$name"; done >/dev/null # warms up
for ((round = 1; round <= rounds; round++)); do
	for name in "${order[@]}"; do measure "$name"; done
	reversed=()
	for name in "${order[@]}"; do reversed=("$name" "${reversed[@]}"); done
	order=("${reversed[@]}")
done >"$dir/figures"

echo "$(./caddy version | cut -d' ' -f1), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)," \
	"$rounds rounds of $seconds s, wrk on the same machine with 32 connections"
# middle NAME COLUMN: the median of a column.
middle() { awk -v "name=$1" -v "n=$2" '$1 == name { print $n }' "$dir/figures" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
for name in "${names[@]}"; do
	least=$(awk -v "name=$name" '$1 == name { print $2 }' "$dir/figures" | sort -n | head -n 1)
	printf '%-9s %6.1f (%.1f) µs of CPU a request  %6.0f requests a second\n' "$name" "$(middle "$name" 2)" "$least" "$(middle "$name" 3)"
done
