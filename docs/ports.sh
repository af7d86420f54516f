# To be sourced. free_ports N FROM fills the array ports with N ports of 127.0.0.1, from FROM on, that nobody answers on.
free_ports() {
	local port
	ports=()
	for ((port = $2; ${#ports[@]} < $1; port++)); do
		(: <>/dev/tcp/127.0.0.1/$port) 2>/dev/null || ports+=("$port")
	done
}
