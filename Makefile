# flowenricher: the only makefile. `make` builds, `make check` tests, `make demo` shows.
# Everything built lands under $(B); a program is a folder of cmd/, a room a folder of lib/.

VERSION = 0.1
PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR  = $(DESTDIR)$(PREFIX)/bin
MANDIR  = $(DESTDIR)$(PREFIX)/share/man
ETCDIR  = $(DESTDIR)$(PREFIX)/share/flowenricher

CC      ?= cc
CLANG   ?= clang
CFLAGS  ?= -O2 -g
B       ?= build

WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
HOUSE   = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib -pthread $(WARN) -MMD -MP

# Rooms from the users of others to the used: the link order. --as-needed drops what a program does not use.
ROOMS   = ml ch act detect enrich bgp decode route flow io base
LDLIBS  = -Wl,--as-needed -lmaxminddb -lyaml -ljansson -lcares -lnetsnmp -lcurl -levent -lrdkafka \
          -lxxhash -llz4 -lzstd -lz -lpcap -lseccomp -lm -pthread

PROGS   = $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c))
SCRIPTS = $(foreach d,$(notdir $(wildcard cmd/*)),$(wildcard cmd/$(d)/$(d)))
MANS    = $(wildcard man/*.[1-8])
HAVE    = $(foreach r,$(ROOMS),$(if $(wildcard lib/$(r)/*.c),$(r)))
LIBS    = $(HAVE:%=$(B)/lib/%.a)
UNITS   = $(patsubst t/unit/%.c,$(B)/t/unit/%.t,$(wildcard t/unit/*.c))
FUZZERS = $(patsubst t/fuzz/%.c,%,$(filter-out t/fuzz/replay.c,$(wildcard t/fuzz/*.c)))
REPLAYS = $(FUZZERS:%=$(B)/t/fuzz/%)
BENCHES = $(patsubst t/bench/%.c,$(B)/t/bench/%,$(wildcard t/bench/*.c)) \
          $(patsubst t/bench/%.cc,$(B)/t/bench/%,$(wildcard t/bench/*.cc))
HELPERS = $(patsubst t/helper/%.c,$(B)/t/helper/%,$(wildcard t/helper/*.c))

.PHONY: all check tests fuzzers lint san fuzz bench eval demo install uninstall clean deps
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGS:%=$(B)/bin/%) $(foreach s,$(notdir $(SCRIPTS)),$(B)/bin/$(s))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOUSE) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

define room
$(B)/lib/$(1).a: $(patsubst %.c,$(B)/%.o,$(wildcard lib/$(1)/*.c))
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach r,$(HAVE),$(eval $(call room,$(r))))

define program
$(B)/bin/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard cmd/$(1)/*.c)) $(LIBS)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $$@ $$^ $(LDLIBS)
endef
$(foreach p,$(PROGS),$(eval $(call program,$(p))))

define script
$(B)/bin/$(1): cmd/$(1)/$(1)
	@mkdir -p $$(@D)
	install -m 755 $$< $$@
endef
$(foreach s,$(notdir $(SCRIPTS)),$(eval $(call script,$(s))))

$(B)/t/unit/%.t: $(B)/t/unit/%.o $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(B)/t/helper/%: $(B)/t/helper/%.o $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A fuzz target reads its corpus once by a driver of ours; under `make fuzz` libFuzzer is the driver.
FUZZ_DRIVER = $(B)/t/fuzz/replay.o
$(B)/t/fuzz/%: $(B)/t/fuzz/%.o $(FUZZ_DRIVER) $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/t/bench/%: $(B)/t/bench/%.o $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/t/bench/%: t/bench/%.cc
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -O2 -g -o $@ $< -lsimdjson

tests: all $(UNITS) fuzzers $(HELPERS)

fuzzers: $(REPLAYS)

# The packages come first, so the rest is another run of this makefile.
check:
	contrib/deps.sh check
	$(MAKE) tests
	BUILD=$(abspath $(B)) prove --exec '' --timer -j3 $(sort $(wildcard t/*.t)) $(UNITS)

demo:
	contrib/deps.sh demo
	$(MAKE) all
	BUILD=$(abspath $(B)) contrib/demo.sh

lint:
	contrib/lint.sh

# ClickHouse's engine, which one helper loads, brings an allocator of its own, and bears no sanitizer.
SAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
san:
	contrib/deps.sh check
	$(MAKE) tests B=$(B)/san CFLAGS='$(SAN)'
	$(MAKE) $(B)/t/helper/chdb_server
	cp $(B)/t/helper/chdb_server $(B)/san/t/helper/
	BUILD=$(abspath $(B))/san prove --exec '' --timer -j3 $(sort $(wildcard t/*.t)) $(UNITS:$(B)/%=$(B)/san/%)

# Runs each target for FUZZ_SECONDS over its corpus; findings stay in $(B)/fuzz.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
fuzz:
	contrib/deps.sh check
	$(MAKE) fuzzers B=$(B)/fuzz CC=$(CLANG) CFLAGS='$(FUZZ_FLAGS)' LDFLAGS=-fsanitize=fuzzer FUZZ_DRIVER=
	set -e; for f in $(FUZZERS); do \
		mkdir -p $(B)/fuzz/corpus/$$f; \
		$(B)/fuzz/t/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(B)/fuzz/$$f- \
			$(B)/fuzz/corpus/$$f t/fuzz/corpus/$$f; \
	done

bench:
	contrib/deps.sh check
	$(MAKE) all $(BENCHES) $(HELPERS)
	BUILD=$(abspath $(B)) t/bench/run

# How good the shipped rules are, on a day of traffic, clean and with attacks of known truth; and what the forest of
# scores finds, and what it does not.
eval:
	contrib/deps.sh check
	$(MAKE) all $(B)/t/helper/gen_day
	BUILD=$(abspath $(B)) t/eval/rules
	BUILD=$(abspath $(B)) t/eval/run

install: all
	install -d $(BINDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man7 $(MANDIR)/man8 $(ETCDIR)
	install -m 755 $(PROGS:%=$(B)/bin/%) $(foreach s,$(notdir $(SCRIPTS)),$(B)/bin/$(s)) $(BINDIR)
	for m in $(MANS); do install -m 644 $$m $(MANDIR)/man$${m##*.}; done
	cp -R etc/. $(ETCDIR)
	chmod -R u=rwX,go=rX $(ETCDIR)

uninstall:
	rm -f $(foreach p,$(PROGS) $(notdir $(SCRIPTS)),$(BINDIR)/$(p))
	for m in $(notdir $(MANS)); do rm -f $(MANDIR)/man$${m##*.}/$$m; done
	rm -rf $(ETCDIR)

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
