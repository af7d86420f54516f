#!/usr/bin/env bash
# Measures the built ./caddy as a third-party platform: very many accounts that authorised its component, three processes on one Redis, and
# WeChat, a sandbox in a process of its own. One line for each number of accounts:
#
#   found        from the start of a process that knows nothing, with an empty Redis, until it has all accounts from WeChat's list
#   first cards  until each account, asked 32 at a time, has signed its first card: a token and a ticket each
#   calls        for that, of everything that the sandbox counts
#   second       the same in another process beside it, and how many calls that made
#   memory       of the first process then, and how much of it is for one account: what it has more than with one account
#   goroutines   in the first process, idle connections closed
#   again        the same in a third process that starts after all others were killed, and how many calls that made
#   restored     until all accounts are there again once Redis has lost everything, from the copy on disk, and how many calls that made
#
# It reports; it does not judge. Usage: docs/merchants.sh [number of accounts...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -gt 0 ] || set -- 100 1000 10000

for tool in curl redis-server redis-cli; do
	command -v "$tool" >/dev/null || { echo "please install $tool" >&2; exit 1; }
done
[ -x caddy ] || { echo 'please build ./caddy first: ./xcaddy.sh' >&2; exit 1; }

dir=$(mktemp -d)
processes=()
end() {
	local pid
	for pid in "${processes[@]}"; do
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	processes=()
}
trap 'end; rm -rf "$dir"' EXIT
export COMPONENT_SECRET=secret0123456789 COMPONENT_AES_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG SEAL_KEY=0123456789abcdef0123456789abcdef
export XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir

. docs/ports.sh
free_ports 8 18280
sandbox=${ports[0]} redis=${ports[1]}
sites=("${ports[2]}" "${ports[3]}" "${ports[4]}") admins=("${ports[5]}" "${ports[6]}" "${ports[7]}")

now() { date +%s.%N; }
since() { awk -v "from=$1" -v "to=$(now)" 'BEGIN { printf "%.1f", to - from }'; }

# control NAME JSON: something at the sandbox.
control() { curl -fs "127.0.0.1:$sandbox/_sandbox/$1" --json "$2"; }

# calls: how many calls the sandbox has seen.
calls() { curl -fs "127.0.0.1:$sandbox/_sandbox/calls" | tr ',{}' '\n' | awk -F: '!/"\/"/ { n += $2 } END { print n + 0 }'; }

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# known PROCESS: how many accounts it knows.
known() { curl -fs "127.0.0.1:${admins[$1]}/wechat_card/status" | grep -o '"authorisations":[0-9]*' | cut -d: -f2; }

start_sandbox() {
	./caddy run --adapter caddyfile --config - 2>"$dir/sandbox.log" <<-END &
		{
			admin off
			persist_config off
			log {
				level ERROR
			}
		}
		http://127.0.0.1:$sandbox {
			wechat_sandbox {
				component wx134c8103faa5a59e {env.COMPONENT_SECRET} {
					message_push token {env.COMPONENT_AES_KEY}
					events       http://127.0.0.1:${sites[0]}/platform/events
					messages     http://127.0.0.1:${sites[0]}/platform/messages/\$APPID\$
				}
			}
		}
	END
	processes+=($!)
	until calls >/dev/null; do sleep 0.1; done
}

start_redis() {
	redis-server --port "$redis" --bind 127.0.0.1 --save '' --dir "$dir" >/dev/null &
	processes+=($!)
	until redis-cli -p "$redis" ping >/dev/null 2>&1; do sleep 0.1; done
}

# start PROCESS: a gateway, as $gateway, begun at $began.
start() {
	cat >"$dir/$1" <<-END
		{
			admin 127.0.0.1:${admins[$1]}
			persist_config off
			default_bind 127.0.0.1
			auto_https off
			log {
				level ERROR
			}
			storage file_system $dir/copy
			wechat_card {
				api   http://127.0.0.1:$sandbox
				store redis redis://127.0.0.1:$redis
				component shop {
					app_id       wx134c8103faa5a59e
					app_secret   {env.COMPONENT_SECRET}
					message_push token {env.COMPONENT_AES_KEY}
					seal_key     {env.SEAL_KEY}
				}
				accounts platform shop
			}
		}
		http://:${sites[$1]} {
			wechat_card /platform/events message_push {
				component shop
			}
			wechat_card /addCard add_card {
				account {query.account}
				card    *
			}
		}
	END
	began=$(now)
	./caddy run --adapter caddyfile --config "$dir/$1" 2>"$dir/log" &
	gateway=$!
	processes+=($gateway)
	until curl -s -o /dev/null "127.0.0.1:${sites[$1]}/"; do
		kill -0 "$gateway" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
		sleep 0.05
	done
}

# sign PROCESS ACCOUNTS: a card of each; $took says how long that was, $made how many calls.
sign() {
	local from before
	before=$(calls)
	awk -v "n=$2" -v "site=${sites[$1]}" 'BEGIN { for (i = 1; i <= n; i++)
		printf "url = \"http://127.0.0.1:%d/addCard?account=wx%016x&card_id=pBench00000000000000000000001\"\noutput = \"/dev/null\"\n", site, i }' >"$dir/urls"
	from=$(now)
	curl -s --parallel --parallel-max 32 -K "$dir/urls" -w '%{http_code}\n' | sort | uniq -c >"$dir/answers"
	took=$(since "$from")
	if [ "$(awk '{ print $2 }' "$dir/answers")" != 200 ]; then
		cat "$dir/answers" "$dir/log" >&2
		exit 1
	fi
	made=$(($(calls) - before))
}

# measure ACCOUNTS: one line.
measure() {
	local n=$1 found first firstCalls second secondCalls resident goroutines again againCalls restored
	rm -rf "$dir/copy"
	start_sandbox
	start_redis
	for ((i = 1; i <= n; i++)); do
		[ "$i" = 1 ] || echo next
		printf 'url = "http://127.0.0.1:%d/_sandbox/component/scan"\njson = "{\\"app_id\\":\\"wx%016x\\",\\"exchanged\\":true}"\noutput = "/dev/null"\n' "$sandbox" "$i"
	done >"$dir/scans"
	curl -fs -K "$dir/scans"
	start 0
	until [ "$(known 0)" -ge "$n" ]; do sleep 0.1; done
	found=$(since "$began")
	sign 0 "$n"
	first=$took firstCalls=$made
	local one=$gateway
	start 1
	sign 1 "$n"
	second=$took secondCalls=$made
	sleep 65 # idle connections are closed after a minute
	resident=$(memory "$one")
	[ "$n" -gt 1 ] || alone=$resident
	goroutines=$(curl -fs "127.0.0.1:${admins[0]}/debug/pprof/goroutine?debug=1" | awk 'NR == 1 { print $NF }')
	kill -9 "$one" "$gateway"
	start 2
	sign 2 "$n"
	again=$took againCalls=$made
	kill -9 "$gateway"
	redis-cli -p "$redis" flushall >/dev/null
	start 0
	sign 0 "$n"
	restored=$took
	end
	[ "$n" -gt 1 ] || return 0
	printf '%8d  %5s s  %9s s  %6d  %6s s, %3d  %5.0f MB  %6.1f KB  %10d  %5s s, %3d  %6s s, %d\n' "$n" "$found" "$first" "$firstCalls" "$second" "$secondCalls" \
		"$(awk -v "kb=$resident" 'BEGIN { print kb / 1024 }')" "$(awk -v "all=$resident" -v "one=$alone" -v "n=$n" 'BEGIN { print (all - one) / (n - 1) }')" \
		"$goroutines" "$again" "$againCalls" "$restored" "$made"
}

echo "$(./caddy version | cut -d' ' -f1), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo 'accounts    found  first cards   calls       second    memory  an account  goroutines        again        restored'
for n in 1 "$@"; do measure "$n"; done
