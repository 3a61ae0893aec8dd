// simdjson On-Demand reads the lines of `ndjson make` into columns: the peer of our reader.
// It knows the keys and their order beforehand; addresses become 16 bytes, texts are copied.
// Prints records per CPU second.
#include <simdjson.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

using namespace simdjson;

static double
cpu_seconds()
{
	timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

struct address {
	uint8_t b[16];
};

struct columns {
	std::vector<uint64_t> times[3], packets, bytes;
	std::vector<address> addrs[4];
	std::vector<uint32_t> numbers32[5];
	std::vector<uint16_t> numbers16[3];
	std::vector<uint8_t> numbers8[3];
	std::vector<uint32_t> ends[6];
	std::vector<char> texts[6];

	void clear()
	{
		for (auto &c : times) c.clear();
		for (auto &c : addrs) c.clear();
		for (auto &c : numbers32) c.clear();
		for (auto &c : numbers16) c.clear();
		for (auto &c : numbers8) c.clear();
		for (auto &c : ends) c.clear();
		for (auto &c : texts) c.clear();
		packets.clear();
		bytes.clear();
	}
};

static address
parse_ipv4(std::string_view s)
{
	address a = {};
	unsigned octet = 0, at = 12;
	a.b[10] = a.b[11] = 0xff;
	for (char c : s) {
		if (c == '.') {
			a.b[at++] = octet;
			octet = 0;
		} else
			octet = octet * 10 + (c - '0');
	}
	a.b[at] = octet;
	return a;
}

static void
add_text(columns &c, int i, std::string_view s)
{
	c.texts[i].insert(c.texts[i].end(), s.begin(), s.end());
}

static void
read_row(columns &c, ondemand::object o)
{
	auto time = [&](int i, const char *k) { c.times[i].push_back(uint64_t(double(o.find_field(k)) * 1000 + 0.5)); };
	auto addr = [&](int i, const char *k) { c.addrs[i].push_back(parse_ipv4(o.find_field(k))); };
	auto u64 = [&](const char *k) { return uint64_t(o.find_field(k)); };
	auto text = [&](int i, const char *k) {
		add_text(c, i, o.find_field(k));
		c.ends[i].push_back(c.texts[i].size());
	};

	time(0, "timestamp_start");
	time(1, "timestamp_end");
	time(2, "timestamp_received");
	addr(0, "exporter_ip");
	text(0, "flow_type");
	c.numbers32[0].push_back(u64("sampling_rate"));
	addr(1, "src_host");
	addr(2, "dst_host");
	c.numbers16[0].push_back(u64("src_port"));
	c.numbers16[1].push_back(u64("dst_port"));
	c.numbers8[0].push_back(u64("proto"));
	c.numbers8[1].push_back(u64("ip_protocol"));
	c.numbers16[2].push_back(u64("tcpflags"));
	c.numbers8[2].push_back(u64("tos"));
	c.numbers32[1].push_back(u64("input_interface"));
	c.numbers32[2].push_back(u64("output_interface"));
	c.packets.push_back(u64("packets"));
	c.bytes.push_back(u64("bytes"));
	addr(3, "next_hop");
	c.numbers32[3].push_back(u64("src_as"));
	c.numbers32[4].push_back(u64("dst_as"));
	text(1, "src_as_name");
	text(2, "dst_as_name");
	for (auto hop : o.find_field("as_path").get_array()) {
		add_text(c, 3, hop.get_string());
		c.texts[3].push_back('\0');
	}
	c.ends[3].push_back(c.texts[3].size());
	text(4, "src_host_country");
	text(5, "dst_host_country");
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	padded_string text = padded_string::load(argv[1]);
	ondemand::parser parser;
	columns c;
	uint64_t rows = 0;
	double begun = cpu_seconds(), took;
	do {
		ondemand::document_stream lines = parser.iterate_many(text, 1 << 20);
		for (auto doc : lines) {
			read_row(c, doc.get_object());
			if (c.bytes.size() == 8192)
				c.clear();
			rows++;
		}
		c.clear();
		took = cpu_seconds() - begun;
	} while (took < 0.5);
	printf("%.0f\n", rows / took);
}
