-- How much went to and came from an AS, month by month? From the sums by the hour that --rollup keeps.
-- table: *_1h
-- needs: time
-- since: 365d
-- param as number: the AS number
SELECT toYYYYMM(time) AS month, sumIf({bytes}, {src_as} = {as}) AS bytes_from, sumIf({bytes}, {dst_as} = {as}) AS bytes_to
FROM {table}
WHERE time >= {from} AND time < {to} AND ({src_as} = {as} OR {dst_as} = {as})
GROUP BY month
ORDER BY month
