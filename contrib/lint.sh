#!/bin/sh
# The rules of the house that a program can hold: format, layers, banned calls, man pages, static analysis.
cd "$(dirname "$0")/.." || exit 1
bad=0
fail() { printf '%s\n' "$*"; bad=1; }

clang-format --dry-run --Werror $(git ls-files '*.c' '*.h') || fail "lint: run clang-format -i on the files above"

# A room may use what stands left of it, and never a sibling.
order="base io flow route"
for room in lib/*/; do
	room=$(basename "$room")
	allowed=
	for r in $order; do
		allowed="$allowed $r"
		[ "$r" = "$room" ] && break
	done
	allowed="$allowed $room"
	for inc in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' lib/"$room"/*.[ch] 2>/dev/null | sort -u); do
		case " $allowed " in
		*" $inc "*) ;;
		*) fail "lint: lib/$room includes $inc/, which it may not use" ;;
		esac
	done
done
grep -nE '#include "\.\./|#include "cmd/' -r cmd lib && fail "lint: no program includes another"

# Each third-party header is included by one .c file only.
for h in maxminddb.h yaml.h jansson.h ares.h net-snmp/net-snmp-config.h curl/curl.h event2/event.h event2/http.h \
	librdkafka/rdkafka.h lz4.h zstd.h xxhash.h pcap/pcap.h pcap.h seccomp.h; do
	n=$(grep -lE "#include <$h>" -r cmd lib | wc -l)
	[ "$n" -gt 1 ] && fail "lint: <$h> is included by $n files: $(grep -lE "#include <$h>" -r cmd lib | tr '\n' ' ')"
done

grep -nEw 'strcpy|strcat|sprintf|strtok|atoi|localtime|alloca' -r cmd lib --include='*.[ch]' | grep -v '^[^:]*:[0-9]*:[[:space:]]*\*' &&
	fail "lint: the calls above are ruled out"
grep -nE '\b(exit|printf|puts|perror)\(' lib/*/*.c | grep -vE '^lib/(base/(log|mem)|io/(opt|prog))\.c' && fail "lint: a library never exits or prints"

for m in man/*.[1-8]; do
	mandoc -T lint -W warning "$m" || fail "lint: $m"
done
for d in cmd/*/; do
	p=$(basename "$d")
	ls man/"$p".[1-8] >/dev/null 2>&1 || fail "lint: $p has no man page"
done

if command -v cppcheck >/dev/null; then
	cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=CastIntegerToAddressAtReturn -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 -Ilib cmd lib || bad=1
fi
exit $bad
