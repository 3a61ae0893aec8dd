-- What does each customer pay for? The 95th percentile of five-minute means, in and out, in bits a second.
-- Of n five-minute slots the twentieth part with most traffic is left out; slots without traffic count too.
-- needs: src_host dst_host timestamp_start
-- since: 30d
-- param customers prefixes $my_prefixes: a network for each customer; where they overlap the first counts
SELECT customer,
    round(arrayElement(arrayReverseSort(groupArray(in_bytes)), toUInt32(intDiv(intDiv({to} - {from} + 299, 300), 20) + 1)) * 8 / 300) AS in_95,
    round(arrayElement(arrayReverseSort(groupArray(out_bytes)), toUInt32(intDiv(intDiv({to} - {from} + 299, 300), 20) + 1)) * 8 / 300) AS out_95,
    greatest(in_95, out_95) AS billed, sum(in_bytes) AS bytes_in, sum(out_bytes) AS bytes_out
FROM
(
    SELECT customer, slot, sum(received) AS in_bytes, sum(sent) AS out_bytes
    FROM
    (
        SELECT {which customers dst_host} AS customer, intDiv(toUInt32(timestamp_start) - toUInt32({from}), 300) AS slot,
            sum({bytes}) AS received, toUInt64(0) AS sent
        FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} AND {in customers dst_host} GROUP BY customer, slot
        UNION ALL
        SELECT {which customers src_host} AS customer, intDiv(toUInt32(timestamp_start) - toUInt32({from}), 300) AS slot,
            toUInt64(0) AS received, sum({bytes}) AS sent
        FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} AND {in customers src_host} GROUP BY customer, slot
    )
    GROUP BY customer, slot
)
GROUP BY customer
ORDER BY billed DESC, customer
