#!/usr/bin/env bash
# Measures the built ./caddy over sockets with wrk, and prints ratios:
#
#   add_card / respond        signing one card, against Caddy's respond with a body of the same size
#   unclaimed / vars          a request that none of four wechat_card directives claims, against the same site with Caddy's
#                             vars under the same matchers
#   fill / proxy_json         a backend's JSON of 10 KiB with one card to sign, against reverse_proxy alone
#   fill_text / proxy_text    a backend's text of 10 KiB behind fill, which does not concern it, against the same
#   relay / proxy_call        a call to WeChat's API with the token put in, against reverse_proxy to the same server
#
# All sites are in one process, and each round measures every one of them, so that what else the machine does hits both
# sides of a ratio alike. A ratio is the median over the rounds, with the spread in brackets; behind it stand, of both, requests a
# second, CPU time a request, and the median time that half and 99 % of the answers took. It reports; it does not judge.
# Usage: docs/performance.sh [rounds [seconds of each measurement]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-9} seconds=${2:-4}

for tool in wrk curl; do
	command -v "$tool" >/dev/null || { echo "please install $tool" >&2; exit 1; }
done
[ -x caddy ] || { echo 'please build ./caddy first: ./xcaddy.sh' >&2; exit 1; }

dir=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi; rm -rf "$dir"' EXIT

. docs/ports.sh
free_ports 9 18080
sign=${ports[0]} respond=${ports[1]} unclaimed=${ports[2]} vars=${ports[3]} sandbox=${ports[4]}
backend=${ports[5]} fill=${ports[6]} proxy=${ports[7]} relay=${ports[8]}

# What the backend answers: 10 KiB of JSON with a card to be signed, and as much text.
mkdir "$dir/backend"
{
	printf '{"items":['
	for ((i = 0; i < 100; i++)); do printf '{"id":%d,"name":"Oolong tea of the spring, 250 g","price":"128.00","stock":%d,"on_sale":true},' $i $i; done
	printf '{}],"cardList":[{"cardId":"pBench00000000000000000000001","cardExt":{"outer_str":"shop"}}]}'
} >"$dir/backend/answer.json"
head -c "$(wc -c <"$dir/backend/answer.json")" /dev/zero | tr '\0' x >"$dir/backend/answer.txt"

# write_config BODY: the five sites; BODY is what respond answers.
write_config() {
	cat >"$dir/Caddyfile" <<-END
		{
			admin off
			persist_config off
			default_bind 127.0.0.1
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

		(body) {
			respond \`$1\`
		}

		:$sign {
			wechat_card /addCard add_card {
				card pBench00000000000000000000001
			}
			respond 404
		}

		:$respond {
			respond /addCard \`$1\`
			respond 404
		}

		:$unclaimed {
			wechat_card /addCard add_card {
				card *
			}
			wechat_card /openCard open_card {
				card *
			}
			wechat_card /memberCard member_card_component {
				card *
			}
			wechat_card /legacy/* inject {
				header X-Wechat-Api-Ticket api_ticket
			}
			import body
		}

		:$vars {
			vars /addCard a 1
			vars /openCard b 2
			vars /memberCard c 3
			vars /legacy/* d 4
			import body
		}

		:$sandbox {
			route {
				respond /card/getcolors \`{"errcode":0,"errmsg":"ok","colors":[{"name":"Color010","value":"#63b359"}]}\`
				wechat_sandbox
			}
		}

		:$backend {
			root $dir/backend
			file_server
		}

		:$fill {
			wechat_card fill {
				card pBench00000000000000000000001
			}
			reverse_proxy 127.0.0.1:$backend
		}

		:$proxy {
			reverse_proxy /card/* 127.0.0.1:$sandbox
			reverse_proxy 127.0.0.1:$backend
		}

		:$relay {
			wechat_card /card/* relay {
				allow /card/getcolors
			}
		}
	END
}

start() {
	BENCH_SECRET=secret XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir ./caddy run --config "$dir/Caddyfile" 2>"$dir/log" &
	server=$!
	for ((i = 0; i < 100; i++)); do
		if curl -fs -o "$dir/card" "127.0.0.1:$sign/addCard"; then return; fi
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	cat "$dir/log" >&2
	exit 1
}

stop() {
	kill "$server"
	wait "$server" || true
	server=
}

# The first start tells how long an answer of add_card is.
write_config x
start
stop
write_config "$(head -c "$(wc -c <"$dir/card")" /dev/zero | tr '\0' x)"
start

url() {
	case $1 in
	add_card) echo "http://127.0.0.1:$sign/addCard" ;;
	respond) echo "http://127.0.0.1:$respond/addCard" ;;
	unclaimed) echo "http://127.0.0.1:$unclaimed/shop/cart" ;;
	vars) echo "http://127.0.0.1:$vars/shop/cart" ;;
	fill) echo "http://127.0.0.1:$fill/answer.json" ;;
	fill_text) echo "http://127.0.0.1:$fill/answer.txt" ;;
	proxy_json) echo "http://127.0.0.1:$proxy/answer.json" ;;
	proxy_text) echo "http://127.0.0.1:$proxy/answer.txt" ;;
	relay) echo "http://127.0.0.1:$relay/card/getcolors?access_token=x" ;;
	proxy_call) echo "http://127.0.0.1:$proxy/card/getcolors?access_token=x" ;;
	esac
}

# How many clock ticks of CPU time the server has used; 0 where there is no /proc.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$server/stat" 2>/dev/null || echo 0
}

# measure ROUND NAME SECONDS: one line "round name requests/s CPU-µs/request p50 p99" for the table, the last two in µs; a refused
# request ends it all.
measure() {
	local before
	before=$(ticks)
	wrk -t1 -c32 -d"$3s" --latency "$(url "$2")" >"$dir/wrk"
	if grep -q 'Non-2xx\|Socket errors' "$dir/wrk"; then
		cat "$dir/wrk" >&2
		exit 1
	fi
	awk -v "round=$1" -v "name=$2" -v "ticks=$(($(ticks) - before))" -v "hz=$(getconf CLK_TCK)" '
		function us(s) { return s + 0 ? (s ~ /us$/ ? s + 0 : s ~ /ms$/ ? s * 1e3 : s * 1e6) : 0 }
		$1 == "50%" { p50 = us($2) }
		$1 == "99%" { p99 = us($2) }
		/ requests in / { n = $1 }
		/^Requests\/sec/ { print round, name, $2, ticks / hz / n * 1e6, p50, p99 }
	' "$dir/wrk"
}

order=(add_card respond unclaimed vars fill proxy_json fill_text proxy_text relay proxy_call)
for name in "${order[@]}"; do measure 0 "$name" 1; done >"$dir/warm-up"
for ((round = 1; round <= rounds; round++)); do
	for name in "${order[@]}"; do measure "$round" "$name" "$seconds"; done
	# the next round goes the other way round, so that no site always follows the same one
	reversed=()
	for name in "${order[@]}"; do reversed=("$name" "${reversed[@]}"); done
	order=("${reversed[@]}")
done >"$dir/rates"

echo "$(./caddy version | cut -d' ' -f1), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)," \
	"body of $(wc -c <"$dir/card") bytes, $rounds rounds of $seconds s, wrk on the same machine with 32 connections"
awk '
	function sort(a, n,   i, j, v) {
		for (i = 2; i <= n; i++) {
			v = a[i]
			for (j = i - 1; j > 0 && a[j] > v; j--) a[j + 1] = a[j]
			a[j + 1] = v
		}
	}
	function median(a, n) { return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
	# middle COLUMN NAME: the median over the rounds of one of the columns.
	function middle(column, name,   i, a) {
		for (i = 1; i <= n; i++) a[i] = value[column, i, name]
		sort(a, n)
		return median(a, n)
	}
	function report(ours, theirs,   i, r) {
		for (i = 1; i <= n; i++) r[i] = value["rate", i, ours] / value["rate", i, theirs]
		sort(r, n)
		printf "%-22s %.3f  (%.3f to %.3f)   %.0f / %.0f requests a second   %.1f / %.1f µs of CPU a request   p50 %.0f / %.0f µs   p99 %.0f / %.0f µs\n",
			ours " / " theirs, median(r, n), r[1], r[n], middle("rate", ours), middle("rate", theirs),
			middle("cpu", ours), middle("cpu", theirs), middle("p50", ours), middle("p50", theirs), middle("p99", ours), middle("p99", theirs)
	}
	{ value["rate", $1, $2] = $3; value["cpu", $1, $2] = $4; value["p50", $1, $2] = $5; value["p99", $1, $2] = $6; if ($1 > n) n = $1 }
	END {
		report("add_card", "respond"); report("unclaimed", "vars")
		report("fill", "proxy_json"); report("fill_text", "proxy_text"); report("relay", "proxy_call")
	}
' "$dir/rates"
