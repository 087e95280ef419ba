#!/usr/bin/env python3
"""Builds every lab and proves that its answer sheet tells the truth.

    check-labs.py SPOOR-GEN LABS-DIR [NAME...]

An answer sheet ends in a block of facts, one a line: QUESTION FILTER... = ANSWER. The records are
read here with Python's own json and gzip, each eventID once, so that neither spoor nor spoor-gen is
trusted. testdata/labs/README.md describes the questions and filters.
"""

import csv
import fnmatch
import gzip
import json
import os
import subprocess
import sys
import tempfile

ALIASES = {
    "key": "userIdentity.accessKeyId",
    "ip": "sourceIPAddress",
    "event": "eventName",
    "service": "eventSource",
    "region": "awsRegion",
    "user": "userIdentity.userName",
    "type": "userIdentity.type",
    "agent": "userAgent",
    "error": "errorCode",
    "time": "eventTime",
    "id": "eventID",
    "bucket": "requestParameters.bucketName",
}


def value(record, field):
    if field == "minor":
        return record["eventSource"].split(".")[0] + ":" + record["eventName"]
    for part in ALIASES.get(field, field).split("."):
        if isinstance(record, list):
            record = record[int(part)] if int(part) < len(record) else None
        elif isinstance(record, dict):
            record = record.get(part)
        else:
            return None
    if isinstance(record, bool):
        return str(record).lower()
    return None if record is None else str(record)


def matches(record, term):
    for op in ("!=", ">=", "<=", "=", "<", ">"):
        if op in term:
            field, want = term.split(op, 1)
            break
    else:
        raise ValueError("not a filter: " + term)
    have = value(record, field)
    wants = ["" if w == "-" else w for w in want.split("|")]
    if op in ("=", "!="):
        return any(fnmatch.fnmatchcase(have or "", w) for w in wants) == (op == "=")
    if have is None:
        return False
    return {">=": have >= want, "<=": have <= want, "<": have < want, ">": have > want}[op]


def answer(records, words):
    question, rest = words[0], words[1:]
    fields = []
    if question in ("values", "distinct", "tally"):
        fields, rest = rest[:1], rest[1:]
    chosen = [r for r in records if all(matches(r, t) for t in rest)]
    if question == "count":
        return str(len(chosen))
    if question in ("first", "last"):
        chosen.sort(key=lambda r: (r["eventTime"], r["eventID"]))
        if not chosen:
            return "never"
        r = chosen[0 if question == "first" else -1]
        return f"{r['eventTime']} {r['eventName']} {r['eventID']}"
    seen = {}
    for r in chosen:
        v = value(r, fields[0])
        if v:
            seen[v] = seen.get(v, 0) + 1
    if question == "distinct":
        return str(len(seen))
    if question == "values":
        return " ".join(sorted(seen))
    if question == "tally":
        return " ".join(f"{v}:{n}" for v, n in sorted(seen.items(), key=lambda x: (-x[1], x[0])))
    raise ValueError("no such question: " + question)


def read_lab(top):
    records, n = {}, 0
    for folder, _, files in os.walk(top):
        if "AWSLogs" not in folder:
            continue
        for name in files:
            with gzip.open(os.path.join(folder, name), "rt", encoding="utf-8") as f:
                for r in json.load(f)["Records"]:
                    n += 1
                    other = records.setdefault(r["eventID"], r)
                    assert other == r, "two records under " + r["eventID"]
    return list(records.values()), n


def check_lookup(top, records):
    """The API's pages hold the same records as the export."""
    want = {r["eventID"]: r for r in records}
    whole = json.load(open(os.path.join(top, "lookup-events", "trail.json"), encoding="utf-8"))
    paged, token = [], "first"
    folder = os.path.join(top, "lookup-events-pages")
    for name in sorted(os.listdir(folder)):
        assert token, "pages after the last one"
        page = json.load(open(os.path.join(folder, name), encoding="utf-8"))
        paged += page["Events"]
        token = page.get("NextToken")
    assert token is None, "no last page"
    for events in (whole["Events"], paged):
        inner = [json.loads(e["CloudTrailEvent"]) for e in events]
        assert len(inner) == len(want), "lookup-events holds another number of events"
        assert {r["eventID"]: r for r in inner} == want, "lookup-events differs from the export"
        times = [r["eventTime"] for r in inner]
        assert times == sorted(times, reverse=True), "not newest first"


def facts(path):
    inside = False
    for line in open(path, encoding="utf-8"):
        if line.startswith("```"):
            inside = line.strip() == "```facts"
        elif inside and " = " in line:
            yield [part.strip() for part in line.split(" = ", 1)]


def check(gen, labs, name):
    failed = n = 0
    with tempfile.TemporaryDirectory() as top:
        made = subprocess.run([gen, "lab", name, "--out", top, "--scenarios", labs], check=True,
                              capture_output=True, text=True)
        made = json.loads(made.stdout)
        records, n_records = read_lab(top)
        assert made["events"] == len(records), "the count of events is wrong"
        assert made["duplicates"] == n_records - len(records), "the count of duplicates is wrong"
        if os.path.isdir(os.path.join(top, "lookup-events")):
            check_lookup(top, records)
        for beside in os.listdir(top):
            if beside.endswith(".csv"):
                rows = list(csv.reader(open(os.path.join(top, beside), encoding="utf-8")))
                assert len({len(r) for r in rows}) == 1, beside + " is ragged"
        for question, want in facts(os.path.join(labs, name + ".answers.md")):
            n += 1
            have = answer(records, question.split())
            if have != want:
                failed += 1
                print(f"{name}: {question}\n  the sheet says {want}\n  the lab says   {have}")
    assert n, name + " has no facts"
    print(f"{name}: {n - failed} of {n} facts hold")
    return not failed


def main():
    gen, labs = sys.argv[1:3]
    names = sys.argv[3:] or sorted(f[:-6] for f in os.listdir(labs) if f.endswith(".jsonl"))
    sys.exit(0 if all([check(gen, labs, name) for name in names]) else 1)


if __name__ == "__main__":
    main()
