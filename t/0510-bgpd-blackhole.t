#!/bin/bash
# What BIRD and GoBGP send, and blackholes as they see them: exactly what was asked for, from then until it is over, whatever happens meanwhile.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need bird birdc gobgpd gobgp curl jq

for peer in bird gobgp; do
	learns_all
	exchange 64496
	exchange 65001
done

# Killed at any time: what was answered with 200 is announced afterwards, and nothing else.
peer=bird
config 64496
rm -rf "$T/state"
bird_up 64496
wanted=()
for ((i = 1; i <= ${ROUNDS:-20}; i++)); do
	speak
	for j in 1 2 3 4 5 6 7 8 9; do
		announce "{\"prefix\": \"203.0.$i.$j\"}" && echo "203.0.$i.$j/32"
	done >"$T/done" &
	sleep "0.$((RANDOM % 90 + 100))"
	murder
	wait $!
	mapfile -t -O "${#wanted[@]}" wanted <"$T/done"
done
speak
mapfile -t got < <(api GET announcements | jq -r 'keys[]' | sort)
mapfile -t lost < <(printf '%s\n' "${wanted[@]}" | sort | comm -23 - <(printf '%s\n' "${got[@]}"))
is "${lost[*]}" "" "kill -9 in a loop: nothing that was answered is lost (${#wanted[@]} answered, ${#got[@]} kept)"
ok "and some were" test "${#wanted[@]}" -gt 5
wait_for 20 has_all "$(printf '%s\n' "${got[@]}" | xargs)"
is "$(bird_routes | xargs)" "${got[*]}" "the neighbour has just those"
is "$(api POST flush '{}')" "{\"withdrawn\":${#got[@]},\"armed\":false}" "flush"
routes "takes all of them away"
silence

# The journal
torn() { # BYTES at its end
	rm -rf "$T/state"
	mkdir "$T/state"
	printf 'nf-bgpd announcements 1\n+{"prefix":"198.51.100.1/32","next_hop":"192.0.2.1","communities":[],"since":1700000000000}\n%s' \
		"$1" >"$T/state/announcements"
}
kept() { api GET announcements | jq -r 'keys[]' | xargs; }
torn '+{"prefix":"198.51.100.2/32","next_'
speak
is "$(kept)" 198.51.100.1/32 "a last line that is torn is dropped"
routes "and the rest announced" 198.51.100.1/32
announce '{"prefix": "198.51.100.3"}'
silence
speak
is "$(kept)" "198.51.100.1/32 198.51.100.3/32" "what follows stands on a line of its own"
silence

foreign() { # NAME
	local before
	before=$(<"$T/state/announcements")
	: >"$T/said"
	speak
	api POST announce '{"prefix": "198.51.100.4"}'
	is $? 22 "$1: nothing is announced"
	is "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$sock" http://localhost/health)" 503 "its health tells"
	like "$(<"$T/said")" "$T/state/announcements: .*nothing can be announced" "and it is said"
	ok "routes are learnt all the same" wait_for 20 grep -q "session up" "$T/said"
	silence
	is "$(<"$T/state/announcements")" "$before" "the file is left as it is"
}
echo 'my notes' >"$T/state/announcements"
foreign "a file of others"
printf 'nf-bgpd announcements 3\n' >"$T/state/announcements"
foreign "a later version"
torn $'+{"prefix":"198.51.100.2/33"}\n'
foreign "a line that is damaged"
routes "the neighbour was told of nothing"

rm -rf "$T/state"
speak
"$BUILD/bin/nf-bgpd" -c "$T/c.yaml" --api 127.0.0.1:"$(free_port)" --socket "$T/other.sock" 2>"$T/second" &
PIDS+=($!)
ok "a second one leaves the folder to the first" wait_for 10 grep -q 'another nf-bgpd has it' "$T/second"
kill $! && wait $!
announce '{"prefix": "198.51.100.5"}'
routes "which goes on" 198.51.100.5/32
silence

# Dry run
rm -rf "$T/log"
speak --dry-run
ok "dry run: a session" wait_for 20 in_session
announce '{"prefix": "198.51.100.6", "ttl": 1, "rule": "r"}'
is "$(kept)" "198.51.100.6/32" "it is listed"
logged() { grep -q WOULD-WITHDRAW "$T/log/blackholes.txt"; }
wait_for 10 logged
is "$(sed 's/^[^ ]* //; s/expires=[^ ]*/expires=T/' "$T/log/blackholes.txt")" \
	"WOULD-BLACKHOLE: prefix=198.51.100.6/32 | next_hop=192.0.2.1 | communities=65535:666,65535:65281 | expires=T | rule=r | id=-
WOULD-WITHDRAW: prefix=198.51.100.6/32 | next_hop=192.0.2.1 | communities=65535:666,65535:65281 | expires=T | rule=r | id=- | reason=expired" \
	"and logged"
routes "but not announced"
silence
bird_down
plan
