-- Which autonomous systems does traffic come from and go to?
-- needs: timestamp_start
-- param limit number 20: rows
SELECT asn, max(as_name) AS name, sum(from_bytes) AS bytes_from, sum(to_bytes) AS bytes_to
FROM
(
    SELECT {src_as} AS asn, max({src_as_name}) AS as_name, sum({bytes}) AS from_bytes, toUInt64(0) AS to_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY asn
    UNION ALL
    SELECT {dst_as} AS asn, max({dst_as_name}) AS as_name, toUInt64(0) AS from_bytes, sum({bytes}) AS to_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY asn
)
GROUP BY asn
ORDER BY bytes_from + bytes_to DESC, asn
LIMIT {limit}
