#!/usr/bin/env bash
# Builds Caddy with this plugin in it. Needs Go and access to Go modules, nothing else.
set -euo pipefail

caddy_version=v2.11.9 # xcaddy's own version is pinned in .tools/xcaddy/go.mod

here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
output=$PWD/caddy

usage() {
	cat <<-'END'
		./xcaddy.sh [options]               build ./caddy
		./xcaddy.sh [options] run [args]    build it and run Caddyfile.example; args go to "caddy run"
		./xcaddy.sh version                 print which version this is, as "caddy build-info" will

		-o <file>                           build <file>; GOOS and GOARCH in the environment choose another system
		--with <module>[@<version>][=<dir>]...
		                                    put other modules in, too, as xcaddy does
	END
}

version=$(sed -n '/^## /{s/^## \[*\([0-9A-Za-z.+-]*\).*/v\1/p;q;}' CHANGELOG.md)
if ! [[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
	echo "xcaddy.sh: the first heading of CHANGELOG.md is no version: '$version'" >&2
	exit 1
fi
if [ "${1-}" = version ]; then
	echo "$version"
	exit
fi

# absolute gives a path as seen from where this was called.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

run=
with=()
# add passes a module on.
add() {
	case $1 in
	-* | '') usage >&2 && exit 2 ;;
	=* | *@ | *@=* | *=) echo "xcaddy.sh: a part of $1 is empty: --with <module>[@<version>][=<dir>]" >&2 && exit 2 ;;
	*=*) with+=(--with "${1%%=*}=$(absolute "${1#*=}")") ;;
	*) with+=(--with "$1") ;;
	esac
}
while [ $# -gt 0 ]; do
	option=$1
	shift
	case $option in
	run) run=yes && break ;;
	-o)
		[ -n "${1-}" ] || { usage >&2 && exit 2; }
		output=$(absolute "$1")
		shift
		;;
	--with=*) add "${option#*=}" ;;
	--with)
		add "${1-}"
		shift
		while [[ ${1-} =~ ^[^-].*[./] ]]; do # more of them: every module's path has one of these, and no command does
			add "$1"
			shift
		done
		;;
	-h* | --help*) usage && exit ;;
	*) usage >&2 && exit 2 ;;
	esac
done

if ! command -v go >/dev/null; then
	echo "xcaddy.sh: go was not found in PATH; install Go 1.26 or newer from https://go.dev/dl/" >&2
	exit 1
fi

export GOWORK=off # -modfile and a workspace around this folder exclude each other
module=$(go list -m)

# The version is that of the replacement: a proxy that does not know it is not asked.
# Go asks the proxy whether $module/caddymodule is a module of its own. A proxy that does not know us may answer 403,
# after which Go gives up, instead of 404; "|" makes it go on after any answer, and "off" ends the search there.
goproxy=$(go env GOPROXY)
goproxy=${goproxy//,/|}
goproxy=${goproxy//|direct/|off}

# xcaddy itself runs here, whatever system it builds for.
xcaddy=$(GOOS=$(go env GOHOSTOS) GOARCH=$(go env GOHOSTARCH) go tool -modfile=.tools/xcaddy/go.mod -n xcaddy)

GOPROXY=$goproxy "$xcaddy" build "$caddy_version" \
	--output "$output" \
	--with "$module/caddymodule" \
	--replace "$module@$version=$PWD" \
	${with[@]+"${with[@]}"} # older bashes take an empty list for an unset variable

if [ "$run" ]; then
	# The last line of all that Caddy says as it starts; none if it ends, or does not serve the page of Caddyfile.example.
	port=$(sed -n '/^:[0-9]* {$/h; /^[[:space:]]*wechat_sandbox/{g;s/[^0-9]//gp;q;}' Caddyfile.example)
	say_where() {
		until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
			sleep 0.2
			kill -0 $$ 2>/dev/null || return 0
		done
		sleep 1
		if kill -0 $$ 2>/dev/null; then
			printf '\nOpen http://localhost:%s in a browser: a phone to try the gateway on. 用浏览器打开它，就是一部可以试用的手机。\n' "$port"
		fi
	}
	if [ -z "${WECHAT_APP_ID-}" ]; then # with it the gateway is for real, and has nothing to do with the sandbox
		(say_where &)
	fi
	exec "$output" run --config Caddyfile.example "$@"
fi
