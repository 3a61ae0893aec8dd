-- Dictionaries of protocols, services and AS numbers, for servers since 20.1; for older ones there is
-- flowenricher_dictionary.xml. Copy the .tsv files to the folder flowenricher in the server's user_files_path, and
-- write the names of AS numbers there, from cron say:
--
--     nf-query as-names --format TabSeparated >/var/lib/clickhouse/user_files/flowenricher/as-names.tsv
--
-- Then run these by clickhouse-client --database pmacct --multiquery. Names are
--
--     dictGetString('pmacct.protocols', 'name', toUInt64(proto))
--     dictGetString('pmacct.services', 'name', tuple(toUInt8(proto), toUInt16(dst_port)))
--     dictGetString('pmacct.as_names', 'name', toUInt64(dst_as))

CREATE DICTIONARY IF NOT EXISTS protocols (number UInt64, name String DEFAULT '')
PRIMARY KEY number
SOURCE(FILE(PATH '/var/lib/clickhouse/user_files/flowenricher/protocols.tsv' FORMAT 'TabSeparated'))
LAYOUT(FLAT()) LIFETIME(300);

CREATE DICTIONARY IF NOT EXISTS services (proto UInt8, port UInt16, name String DEFAULT '')
PRIMARY KEY proto, port
SOURCE(FILE(PATH '/var/lib/clickhouse/user_files/flowenricher/services.tsv' FORMAT 'TabSeparated'))
LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(300);

CREATE DICTIONARY IF NOT EXISTS as_names (asn UInt64, name String DEFAULT '')
PRIMARY KEY asn
SOURCE(FILE(PATH '/var/lib/clickhouse/user_files/flowenricher/as-names.tsv' FORMAT 'TabSeparated'))
LAYOUT(HASHED()) LIFETIME(300);
