-- Which host names send most? By what ptr_cache knows; addresses without a name stand as they are.
-- needs: src_host timestamp_start
-- param limit number 20: rows
SELECT if(ptr = '', source, ptr) AS name, sum(source_bytes) AS total_bytes, count() AS addresses
FROM
(
    SELECT {address src_host} AS source, sum({bytes}) AS source_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY source
) AS talkers
ANY LEFT JOIN
(
    SELECT ip AS source, argMax(ptr, updated_at) AS ptr FROM {table:ptr_cache} GROUP BY source
) AS known USING source
GROUP BY name
ORDER BY total_bytes DESC, name
LIMIT {limit}
