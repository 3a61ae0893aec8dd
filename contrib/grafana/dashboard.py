#!/usr/bin/env python3
"""Prints a Grafana dashboard over the queries of etc/queries, for the plugin grafana-clickhouse-datasource.

    dashboard.py classic >classic.json
    dashboard.py wide >wide.json

The two differ in what the table of flows has: see nf-ch-insert(1). What nf-query fills in, Grafana does by its macros
and by variables at the dashboard's top.
"""

import json
import os
import re
import sys

QUERIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "etc", "queries")

# Title, query, kind, width of 24, wide only; in the order of the page.
PANELS = [
    ("Traffic", "traffic", "timeseries", 24, False),
    ("Upstreams", "upstreams", "table", 12, False),
    ("Interfaces", "interfaces", "table", 12, False),
    ("Load of interfaces", "interface-load", "table", 24, True),
    ("AS numbers", "top-as", "table", 12, False),
    ("Countries", "top-countries", "table", 12, False),
    ("Sources", "top-sources", "table", 12, False),
    ("Destinations", "top-destinations", "table", 12, False),
    ("Names", "names", "table", 12, False),
    ("Conversations", "top-conversations", "table", 12, False),
    ("Services", "top-services", "table", 12, False),
    ("Protocols", "protocols", "table", 12, False),
    ("AS paths", "as-paths", "table", 24, False),
    ("Reflectors", "reflectors", "table", 12, False),
    ("Incidents", "incidents", "table", 12, False),
    ("Again and again", "offenders", "table", 12, False),
    ("Oddest sources", "odd-sources", "table", 12, False),
    ("Score of $host", "score-of", "timeseries", 12, False),
    ("Peers of $host", "host", "table", 12, False),
    ("Exporters", "exporters", "table", 24, True),
]
HEIGHT = 9
SOURCE = {"type": "grafana-clickhouse-datasource", "uid": "${datasource}"}


def expansions(wide):
    scale = "(%s * greatest(sampling_rate, 1))" if wide else "%s"
    origin = "%s" if wide else "peer_%s"
    return {
        "from": "$__fromTime",
        "to": "$__toTime",
        "step": "$__interval_s",
        "bytes": scale % "bytes",
        "packets": scale % "packets",
        "src_as": origin % "src_as",
        "dst_as": "dst_as",
        "src_as_name": origin % "src_as_name",
        "dst_as_name": origin % "dst_as_name",
        "host": "'${host}'",
        "limit": "${limit}",
        "my_asn": "${my_asn}",
    }


def statement(name, wide):
    """The SQL of a query as Grafana takes it."""
    text = open(os.path.join(QUERIES, name + ".sql")).read()
    head = re.match(r"(--.*\n)*", text).group()
    other = re.search(r"^-- table: (\w+)$", head, re.M)
    known = expansions(wide)

    def expand(match):
        what = match.group(1)
        word, _, rest = what.partition(" ")
        if what == "table":
            return "`${database}`.`%s`" % (other.group(1) if other else "${table}")
        if what.startswith("table:"):
            return "`${database}`.`%s`" % what[6:]
        if word == "address":
            return "replaceRegexpOne(toString(%s), '^::ffff:(.*[.])', '\\\\1')" % rest if wide else rest
        return known[what]

    return re.sub(r"\{([^}]*)\}", expand, text[len(head):]).rstrip()


def panel(number, title, query, kind, width, place, wide):
    series = kind == "timeseries"
    return {
        "id": number,
        "title": title,
        "type": kind,
        "datasource": SOURCE,
        "gridPos": {"x": place[0], "y": place[1], "w": width, "h": HEIGHT},
        "fieldConfig": {"defaults": {}, "overrides": []},
        "options": {},
        "targets": [{
            "refId": "A",
            "datasource": SOURCE,
            "editorType": "sql",
            "queryType": kind,
            "format": 0 if series else 1,
            "rawSql": statement(query, wide),
        }],
    }


def panels(wide):
    x = y = 0
    shown = []
    for title, query, kind, width, wide_only in PANELS:
        if wide_only and not wide:
            continue
        if x + width > 24:
            x, y = 0, y + HEIGHT
        shown.append(panel(len(shown) + 1, title, query, kind, width, (x, y), wide))
        x += width
    return shown


def variable(name, label, value):
    shown = {"text": value, "value": value}
    return {"name": name, "label": label, "type": "textbox", "query": value, "current": shown, "options": [dict(shown, selected=True)]}


def dashboard(wide):
    return {
        "uid": "flowenricher-wide" if wide else "flowenricher-classic",
        "title": "Flows",
        "tags": ["flowenricher"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [
            {"name": "datasource", "label": "ClickHouse", "type": "datasource", "query": SOURCE["type"]},
            variable("database", "Database", "pmacct"),
            variable("table", "Table", "flows"),
            variable("limit", "Rows", "20"),
            variable("host", "Address", "198.51.100.1"),
            variable("my_asn", "Own AS", "0"),
        ]},
        "panels": panels(wide),
    }


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ("classic", "wide"):
        sys.exit("usage: dashboard.py classic | wide")
    json.dump(dashboard(sys.argv[1] == "wide"), sys.stdout, indent=1)
    print()


main()
