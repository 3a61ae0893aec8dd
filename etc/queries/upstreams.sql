-- Which share of outgoing traffic takes each upstream, and over how many different paths?
-- The upstream is the first public AS of the path that is not our own; '' stands for flows without a path.
-- needs: as_path timestamp_start
-- param my_asn number $my_asn: our own AS number
SELECT arrayFirst(a -> toUInt32OrZero(a) != {my_asn} AND NOT (toUInt32OrZero(a) BETWEEN 64512 AND 65534)
        AND toUInt32OrZero(a) < 4200000000, as_path) AS upstream,
    sum({bytes}) AS total_bytes,
    round(100 * sum({bytes}) / (SELECT sum({bytes}) FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to}), 2) AS percent,
    uniqExact(as_path) AS paths, round(avg(length(as_path)), 2) AS mean_length
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY upstream
ORDER BY total_bytes DESC, upstream
