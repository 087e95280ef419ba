#!/usr/bin/env python3
"""Who got which credential from whom, the naive way: joins over lists of parsed records.

    lineage.py [--from KEY] SOURCE...

An independent reference for `spoor lateral`: it knows only what a record says, walks all of them
again and again, and does so in as few words as it can. It answers for credentials (the records that
hand out an access key id) and for what they lead to, not for principals and hosts.
"""
import argparse
import json
import os
import sys
from collections import defaultdict
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import event  # noqa: E402
import naive  # noqa: E402

ISSUED = ('responseElements.credentials.accessKeyId', 'responseElements.accessKey.accessKeyId')
EDGES = {
    'AssumeRole': 'assume-role', 'AssumeRoleWithSAML': 'assume-role-saml',
    'AssumeRoleWithWebIdentity': 'assume-role-web', 'AssumeRoot': 'assume-root',
    'GetSessionToken': 'session-token', 'GetFederationToken': 'federation-token',
    'CreateAccessKey': 'access-key',
}


class Edge(NamedTuple):
    event_id: str
    time: str
    edge: str
    source_key: str
    target_key: str
    uses: int
    first_use: str
    last_use: str
    use_ips: int


def text(record, path):
    return event.text_at(record, path) or None


def issued_by(record):
    for path in ISSUED:
        key = text(record, path)
        if key:
            return key
    return None


def edge_of(record):
    name = text(record, 'eventName')
    if name == 'AssumeRole' and text(record, 'userIdentity.type') == 'AWSService':
        return 'service-role'
    return EDGES.get(name, 'credentials')


def edges_of(events):
    """Every edge that is a credential, in the order of EVENTS, which is that of time."""
    used = defaultdict(list)
    for e in events:
        used[text(e.value, 'userIdentity.accessKeyId')].append(e)
    edges = []
    for e in events:
        key = issued_by(e.value)
        if not key or event.outcome_of(e.value) != 'success':
            continue
        uses = used[key]
        ips = {text(u.value, 'sourceIPAddress') for u in uses} - {None}
        edges.append(Edge(
            text(e.value, 'eventID'), event.print_instant(e.instant), edge_of(e.value),
            text(e.value, 'userIdentity.accessKeyId'), key, len(uses),
            event.print_instant(uses[0].instant) if uses else None,
            event.print_instant(uses[-1].instant) if uses else None, len(ips)))
    return edges


def shared_of(events):
    """eventID -> sharedEventID, of those that have both."""
    shared = {}
    for e in events:
        if text(e.value, 'eventID') and text(e.value, 'sharedEventID'):
            shared[text(e.value, 'eventID')] = text(e.value, 'sharedEventID')
    return shared


def reached_from(key, edges):
    """{(eventID, key): depth} of what KEY leads to by credentials alone."""
    found, keys, depth = {}, {key}, 0
    seen = set(keys)
    while keys:
        depth += 1
        after = set()
        for edge in edges:
            if edge.source_key in keys and (edge.event_id, edge.target_key) not in found:
                found[edge.event_id, edge.target_key] = depth
                after.add(edge.target_key)
        keys = after - seen
        seen |= keys
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--from', dest='start')
    parser.add_argument('sources', nargs='+', metavar='SOURCE')
    arguments = parser.parse_args()
    edges = edges_of(naive.load(arguments.sources).events)
    found = reached_from(arguments.start, edges) if arguments.start else None
    for edge in edges:
        if found is None or (edge.event_id, edge.target_key) in found:
            print(json.dumps(edge._asdict()))


if __name__ == '__main__':
    main()
