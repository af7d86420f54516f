#!/usr/bin/env bash
# Measures the built ./caddy with very many accounts in one process, against a sandbox in another, with the files of Caddy's own
# storage as their store. One line for each number of accounts:
#
#   ready        from the start of the process until it answers requests
#   warm         from the start until every account has its access_token and its api_ticket
#   calls/s      most calls for credentials within one second
#   connections  most connections to the sandbox at the same time
#   memory       of the process at rest, and how much of that is for one account: what it has more than with one account
#   goroutines   at rest, idle connections closed
#   files        in the store
#   again        from the start of another process with the same files until everything is warm; it makes no call
#
# It reports; it does not judge. Ten thousand accounts take ten minutes.
# Usage: docs/accounts.sh [number of accounts...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -gt 0 ] || set -- 100 1000 10000

command -v curl >/dev/null || { echo 'please install curl' >&2; exit 1; }
[ -d /proc/self/net ] || { echo 'it needs the /proc of Linux' >&2; exit 1; }
[ -x caddy ] || { echo 'please build ./caddy first: ./xcaddy.sh' >&2; exit 1; }

dir=$(mktemp -d)
processes=()
end() {
	local pid
	for pid in "${processes[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	processes=()
}
trap 'end; rm -rf "$dir"' EXIT
export BENCH_SECRET=secret XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir

. docs/ports.sh
free_ports 3 18180
site=${ports[0]} sandbox=${ports[1]} admin=${ports[2]}

# write_config ACCOUNTS: a site that signs cards for whichever account the query names.
write_config() {
	awk -v "n=$1" -v "site=$site" -v "sandbox=$sandbox" -v "admin=$admin" -v "dir=$dir" 'BEGIN {
		printf "{\"admin\":{\"listen\":\"127.0.0.1:%d\",\"config\":{\"persist\":false}},", admin
		printf "\"logging\":{\"logs\":{\"default\":{\"level\":\"WARN\"}}},\"storage\":{\"module\":\"file_system\",\"root\":\"%s/store\"},", dir
		printf "\"apps\":{\"http\":{\"servers\":{\"site\":{\"listen\":[\"127.0.0.1:%d\"],\"automatic_https\":{\"disable\":true},", site
		printf "\"routes\":[{\"handle\":[{\"handler\":\"wechat_card\",\"account\":\"{query.account}\","
		printf "\"action\":{\"name\":\"add_card\",\"cards\":[{\"card_id\":[\"*\"]}]}}]}]}}},"
		printf "\"wechat_card\":{\"api\":[\"http://127.0.0.1:%d\"],\"accounts\":{", sandbox
		for (i = 1; i <= n; i++)
			printf "%s\"m%d\":{\"app_id\":\"wx%016x\",\"app_secret\":\"{env.BENCH_SECRET}\"}", (i > 1 ? "," : ""), i, i
		print "}}}}"
	}' >"$dir/gateway.json"
}

now() { date +%s.%N; }
since() { awk -v "from=$1" -v "to=$(now)" 'BEGIN { printf "%.1f", to - from }'; }

# calls: how many calls for credentials the sandbox has seen.
calls() {
	curl -fs "127.0.0.1:$sandbox/_sandbox/calls" | tr ',{}' '\n' | awk -F: '/stable_token|getticket/ { n += $2 } END { print n + 0 }'
}

# connections PID: to the sandbox, that are open.
connections() {
	awk -v "port=$(printf ':%04X' "$sandbox")" '$3 ~ port "$" && $4 == "01" { n++ } END { print n + 0 }' "/proc/$1/net/tcp"
}

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# warm: how many credentials are there.
warm() {
	curl -fs "127.0.0.1:$admin/metrics" | awk '/^caddy_wechat_card_credential_expiry/ && $2 > 0 { n++ } END { print n + 0 }'
}

start_sandbox() {
	./caddy run --adapter caddyfile --config - 2>"$dir/log" <<-END &
		{
			admin off
			persist_config off
			log {
				level ERROR
			}
		}
		http://127.0.0.1:$sandbox {
			wechat_sandbox
		}
	END
	processes+=($!)
	until calls >/dev/null; do sleep 0.1; done
}

# start: the gateway, as $gateway, begun at $began; $ready is how long it took to answer.
start() {
	began=$(now)
	./caddy run --config "$dir/gateway.json" 2>"$dir/log" &
	gateway=$!
	processes+=($gateway)
	until curl -s -o /dev/null "127.0.0.1:$site/"; do
		kill -0 "$gateway" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
		sleep 0.05
	done
	ready=$(since "$began")
}

# measure ACCOUNTS: one line.
measure() {
	local n=$1 seen=0 all most=0 open=0 last at rate took resident goroutines files
	rm -rf "$dir/store"
	write_config "$n"
	start_sandbox
	start
	last=$(now)
	while [ "$seen" -lt $((2 * n)) ]; do
		sleep 0.5
		all=$(calls) at=$(now)
		rate=$(awk -v "n=$((all - seen))" -v "from=$last" -v "to=$at" 'BEGIN { printf "%d", n / (to - from) + 0.5 }')
		[ "$rate" -le "$most" ] || most=$rate
		seen=$all last=$at
		at=$(connections "$gateway")
		[ "$at" -le "$open" ] || open=$at
		kill -0 "$gateway" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
	done
	took=$(since "$began")
	sleep 65 # idle connections are closed after a minute
	resident=$(memory "$gateway")
	[ "$n" -gt 1 ] || one=$resident
	goroutines=$(curl -fs "127.0.0.1:$admin/debug/pprof/goroutine?debug=1" | awk 'NR == 1 { print $NF }')
	files=$(find "$dir/store" -type f | wc -l)
	kill "$gateway" && wait "$gateway" || true

	start
	until [ "$(warm)" -ge $((2 * n)) ]; do sleep 0.2; done
	again=$(since "$began")
	[ "$(calls)" -eq "$seen" ] || again="$again, $(($(calls) - seen)) calls"
	end
	[ "$n" -gt 1 ] || return 0
	printf '%8d  %6s s  %7s s  %7d  %11d  %6.0f MB  %7.1f KB  %10d  %6d  %6s s\n' "$n" "$ready" "$took" "$most" "$open" \
		"$(awk -v "kb=$resident" 'BEGIN { print kb / 1024 }')" \
		"$(awk -v "all=$resident" -v "one=$one" -v "n=$n" 'BEGIN { print (all - one) / (n - 1) }')" "$goroutines" "$files" "$again"
}

echo "$(./caddy version | cut -d' ' -f1), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo 'accounts     ready       warm  calls/s  connections     memory   an account  goroutines   files     again'
for n in 1 "$@"; do measure "$n"; done
