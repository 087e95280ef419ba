#!/bin/sh
# Proves what spoor-gen promises: test-gen.sh SPOOR-GEN LABS-DIR
#   - the same bytes whatever the number of threads, other bytes for another seed;
#   - every file is JSON; events, duplicates and files are as many as asked for and as reported;
#   - records average within 5 % of the size asked for;
#   - the packings hold the same records; labs are the same bytes each time;
#   - bad usage ends in status 2.
set -eu

gen=$1
labs=$2
here=$(dirname "$0")
top=$(mktemp -d)
trap 'chmod -R u+rwx "$top"; rm -rf "$top"' EXIT

fail() {
        echo "test-gen: $*" >&2
        exit 1
}

"$gen" --help | grep -q bytes-per-event || fail "help does not tell all"

for bad in "" "nonsense" "corpus" "corpus --out $top/x" "corpus --out $top/x --events 0 --files 1" \
        "corpus --out $top/x --events 1 --files 1 --start 2025-13-01" "lab --out $top/x" \
        "corpus --out $top/x --events 1 --files 1 --bomb" "damage --level 3" "lab ../x --out $top/x"; do
        status=0
        # shellcheck disable=SC2086
        "$gen" $bad >/dev/null 2>&1 || status=$?
        [ "$status" -eq 2 ] || fail "status $status, not 2, for: $bad"
done

"$gen" corpus --out "$top/one" --events 30000 --files 300 --threads 1 >"$top/one.json"
"$gen" corpus --out "$top/three" --events 30000 --files 300 --threads 3 >"$top/three.json"
diff -r "$top/one" "$top/three" >/dev/null || fail "threads change the bytes"
cmp -s "$top/one.json" "$top/three.json" || fail "threads change the summary"
"$gen" corpus --out "$top/plain" --events 3000 --files 40 --packing plain >"$top/plain.json"
"$gen" corpus --out "$top/multi" --events 3000 --files 40 --packing multi >"$top/multi.json"
"$gen" corpus --out "$top/gzip" --events 3000 --files 40 >"$top/gzip.json"
"$gen" corpus --out "$top/other" --events 3000 --files 40 --seed 2 >"$top/other.json"
"$gen" corpus --out "$top/tiny" --events 4000 --files 1000 --accounts 3 --days 2 \
        --duplicates 100 >"$top/tiny.json"
"$gen" corpus --out "$top/sparse" --events 7 --files 20 >"$top/sparse.json"
"$gen" corpus --out "$top/large" --events 20000 --files 10 --bytes-per-event 2000 >"$top/large.json"
"$gen" corpus --out "$top/small" --events 20000 --files 10 --bytes-per-event 950 >"$top/small.json"
diff -r "$top/gzip" "$top/other" >/dev/null && fail "the seed changes nothing"
python3 "$here/check-corpus.py" "$top/one:30000:300:1250" "$top/plain:3000:40:1250" \
        "$top/multi:3000:40:1250" "$top/gzip:3000:40:1250" "$top/tiny:4000:1000:1250" \
        "$top/sparse:7:20:0" "$top/large:20000:10:2000" "$top/small:20000:10:950" \
        --same "$top/plain" "$top/multi" "$top/gzip" || fail "a corpus is not as promised"

for seed in 1 1; do
        "$gen" lab workshop --out "$top/lab.$((n = ${n:-0} + 1))" --seed "$seed" \
                --scenarios "$labs" >/dev/null
done
diff -r "$top/lab.1" "$top/lab.2" >/dev/null || fail "a lab differs from itself"
for n in 1 2; do
        "$gen" damage --out "$top/damage.$n"
        chmod 600 "$top/damage.$n/cases/unreadable.json"
done
diff -r --no-dereference "$top/damage.1" "$top/damage.2" >/dev/null || fail "damage differs from itself"
(cd "$top/damage.1/cases" && find . ! -type d) | LC_ALL=C sort >"$top/have"
tail -n +2 "$top/damage.1/expected.tsv" | LC_ALL=C cut -f 1 | LC_ALL=C sed 's|^|./|' |
        LC_ALL=C sort >"$top/want"
cmp -s "$top/have" "$top/want" || fail "damage holds other files than expected.tsv names"
"$gen" damage --out "$top/bombs" --bomb --bomb-bytes 50000000
chmod 600 "$top/bombs/cases/unreadable.json"
for bomb in "$top"/bombs/cases/bomb-*; do
        [ "$(gzip -dc "$bomb" | wc -c)" -ge 50000000 ] || fail "$bomb is no bomb"
done
echo "spoor-gen keeps its promises"
