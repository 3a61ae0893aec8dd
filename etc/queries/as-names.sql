-- Which names do AS numbers have, as far as flows told? For the dictionary of AS names.
-- needs: timestamp_start
-- since: 30d
SELECT asn, max(as_name) AS name
FROM
(
    SELECT toUInt64({src_as}) AS asn, toString(max({src_as_name})) AS as_name FROM {table}
    WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY asn
    UNION ALL
    SELECT toUInt64({dst_as}) AS asn, toString(max({dst_as_name})) AS as_name FROM {table}
    WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY asn
)
GROUP BY asn
HAVING name != ''
ORDER BY asn
