#!/usr/bin/env python3
"""Reads corpora with Python's own json and gzip and compares them with what was asked for.

    check-corpus.py FOLDER:EVENTS:FILES:BYTES... [--same FOLDER...]

BYTES is the average size of a record aimed at, 0 for any. Beside FOLDER lies FOLDER.json, the
generator's summary.
"""

import gzip
import json
import os
import re
import sys

NAME = re.compile(r"(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4})Z_[A-Za-z0-9]{16}\.json(\.gz)?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read(folder):
    """Yields (name, records, bytes of JSON) for each file."""
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as f:
                data = f.read()
            if name.endswith(".gz"):
                data = gzip.decompress(data)
            assert b"\n" not in data, "not one line: " + path
            m = NAME.fullmatch(name)
            assert m, "not a name of CloudTrail's: " + name
            assert "/%s/CloudTrail/%s/%s/" % (m[1], m[2], "/".join(
                (m[3][:4], m[3][4:6], m[3][6:8]))) in path, "in the wrong folder: " + path
            yield m, json.loads(data.decode("utf-8"))["Records"], len(data)


def check(folder, n_events, n_files, target):
    ids, issued, used = {}, {}, []
    files = records = size = 0
    for m, batch, n in read(folder):
        files += 1
        size += n
        for r in batch:
            records += 1
            assert r["awsRegion"] == m[2] and r["recipientAccountId"] == m[1], "in a foreign file"
            assert UUID.fullmatch(r["eventID"]), "not a UUID: " + r["eventID"]
            assert ids.setdefault(r["eventID"], r) == r, "two records under one eventID"
            handed = ((r["responseElements"] or {}).get("credentials") or {}).get("accessKeyId")
            if handed:
                issued.setdefault(handed, r["eventTime"])
            key = r["userIdentity"].get("accessKeyId", "")
            if key.startswith("ASIA"):
                used.append((key, r["userIdentity"]["sessionContext"]["attributes"], r["eventTime"]))
    for key, attributes, time in used:
        if key in issued:
            assert attributes["creationDate"] == issued[key] <= time, "a key used before it was made"
    if n_events > 10000:
        assert sum(key in issued for key, _, _ in used) > len(used) / 3, "few issued keys are used"
    with open(folder + ".json", encoding="utf-8") as f:
        said = json.load(f)
    have = (len(ids), files, records, size)
    assert have[:2] == (n_events, n_files), f"{folder}: {have} is not what was asked for"
    assert have == (said["events"], said["files"], said["records"], said["jsonBytes"]), \
        f"{folder}: {have} is not what was said"
    mean = size / records
    assert not target or abs(mean / target - 1) < 0.05, f"{folder}: {mean:.0f} bytes a record"
    print(f"{os.path.basename(folder)}: {records} records, {mean:.0f} bytes each, {files} files")


def records_of(folder):
    return sorted(json.dumps(r) for _, batch, _ in read(folder) for r in batch)


def main():
    args, same = sys.argv[1:], []
    if "--same" in args:
        same = args[args.index("--same") + 1:]
        args = args[:args.index("--same")]
    for arg in args:
        folder, n_events, n_files, target = arg.rsplit(":", 3)
        check(folder, int(n_events), int(n_files), int(target))
    for other in same[1:]:
        assert records_of(other) == records_of(same[0]), other + " holds other records"


if __name__ == "__main__":
    main()
