#!/usr/bin/env bash
# Signs one card in five ways over sockets, in one run: Caddy's respond with a body of that size, add_card, a bare
# net/http server (bare.go), nginx with lua (sign.lua) and a Node server on the npm package co-wechat-api (server.mjs).
# Each server has one core, wrk another where there is one.
# Usage: docs/sidebyside/run.sh [rounds [seconds of each measurement]]; needs ./caddy, Go, node, npm, wrk, curl, taskset and
# nginx with its lua module (Debian: nginx-light libnginx-mod-http-lua).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rounds=${1:-9} seconds=${2:-3}
for tool in go node npm wrk curl nginx taskset; do
	command -v "$tool" >/dev/null || { echo "please install $tool" >&2; exit 1; }
done
[ -x caddy ] || { echo 'please build ./caddy first: ./xcaddy.sh' >&2; exit 1; }

dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
pinned=(taskset -c 0)
wrk=(taskset -c $(($(nproc) - 1)) wrk)

. docs/ports.sh
free_ports 6 18180
sandbox=http://127.0.0.1:${ports[0]}
declare -A url=(
	[respond]=127.0.0.1:${ports[1]} [add_card]=127.0.0.1:${ports[2]}
	[net/http]=127.0.0.1:${ports[3]} [co-wechat-api]=127.0.0.1:${ports[4]}
	[nginx]=127.0.0.1:${ports[5]}
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
BENCH_SECRET=secret XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir GOMAXPROCS=1 "${pinned[@]}" ./caddy run --config "$dir/Caddyfile" 2>"$dir/log" &
pids+=($!)
await "${url[add_card]}"
GOMAXPROCS=1 "${pinned[@]}" "$dir/bare" "${url[net/http]}" "$sandbox" &
pids+=($!)
"${pinned[@]}" node "$dir/server.mjs" "${ports[4]}" "$sandbox" &
pids+=($!)

# value NAME JSON: a member of a JSON object whose values need no unescaping.
value() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$2"; }
token=$(value access_token "$(curl -fs "$sandbox/cgi-bin/token?grant_type=client_credential&appid=wx5a6d8b2c4e1f3a70&secret=secret")")
ticket=$(value ticket "$(curl -fs "$sandbox/cgi-bin/ticket/getticket?type=wx_card&access_token=$token")")
[ "$ticket" ] || { echo 'no ticket for nginx' >&2; exit 1; }
{
	modules=$(nginx -V 2>&1 | grep -o 'modules-path=[^ ]*' | cut -d= -f2)
	for module in ndk_http ngx_http_lua; do echo "load_module $modules/${module}_module.so;"; done
	cat <<-END
		daemon off;
		worker_processes 1;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log;
		events {
		}
		http {
			access_log off;
			client_body_temp_path $dir/nginx-body;
			proxy_temp_path $dir/nginx-proxy;
			fastcgi_temp_path $dir/nginx-fastcgi;
			uwsgi_temp_path $dir/nginx-uwsgi;
			scgi_temp_path $dir/nginx-scgi;
			keepalive_requests 1000000000;
			lua_package_path "$PWD/docs/sidebyside/?.lua;;";
			server {
				listen 127.0.0.1:${ports[5]};
				set \$api_ticket "$ticket";
				location = /addCard {
					content_by_lua_block { require('sign').answer() }
				}
			}
		}
	END
} >"$dir/nginx.conf"
"${pinned[@]}" nginx -p "$dir" -e "$dir/nginx.log" -c "$dir/nginx.conf" &
pids+=($!)
await "${url[net/http]}"
await "${url[co-wechat-api]}"
await "${url[nginx]}"

names=(respond add_card net/http nginx co-wechat-api)
for ((round = 0; round <= rounds; round++)); do # round 0 warms up
	for name in "${names[@]}"; do
		"${wrk[@]}" -t1 -c32 -d"${seconds}s" --latency "http://${url[$name]}/addCard?card_id=$card" >"$dir/wrk"
		if grep -q 'Non-2xx\|Socket errors' "$dir/wrk"; then
			cat "$dir/wrk" >&2
			exit 1
		fi
		awk -v name="$name" -v round="$round" '
			function us(s) { return s + 0 ? (s ~ /us$/ ? s + 0 : s ~ /ms$/ ? s * 1e3 : s * 1e6) : 0 }
			$1 == "50%" { p50 = us($2) }
			$1 == "99%" { p99 = us($2) }
			/^Requests\/sec/ && round { print name, $2, p50, p99 }
		' "$dir/wrk" >>"$dir/rates"
	done
done
echo "$(nproc) CPUs, wrk on the same machine with 32 connections, $rounds rounds of $seconds s: median (least to most) requests a second, median p50 and p99"
# column NAME N: what a name has in a column of the rates, sorted.
column() { awk -v name="$1" -v n="$2" '$1 == name { print $n }' "$dir/rates" | sort -n; }
for name in "${names[@]}"; do
	p50=$(column "$name" 3 | sed -n "$(((rounds + 1) / 2))p")
	p99=$(column "$name" 4 | sed -n "$(((rounds + 1) / 2))p")
	column "$name" 2 | awk -v name="$name" -v p50="$p50" -v p99="$p99" '
		{ a[NR] = $1 }
		END { printf "%-14s %6.0f  (%.0f to %.0f)   %.0f / %.0f µs\n", name, a[int((NR + 1) / 2)], a[1], a[NR], p50, p99 }'
done
