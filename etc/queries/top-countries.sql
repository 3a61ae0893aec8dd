-- Which countries does traffic come from and go to?
-- needs: src_host_country dst_host_country timestamp_start
-- param limit number 20: rows
SELECT country, sum(from_bytes) AS bytes_from, sum(to_bytes) AS bytes_to
FROM
(
    SELECT toString(src_host_country) AS country, sum({bytes}) AS from_bytes, toUInt64(0) AS to_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY country
    UNION ALL
    SELECT toString(dst_host_country) AS country, toUInt64(0) AS from_bytes, sum({bytes}) AS to_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY country
)
GROUP BY country
ORDER BY bytes_from + bytes_to DESC, country
LIMIT {limit}
