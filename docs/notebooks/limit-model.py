# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The limit, derived
#
# How many bits of payload can a second of 1 Gbit/s Ethernet carry?
# Count the bytes of one full-size packet, and divide.
# This page does it with the same functions that the tables of the site use; the build runs it, and again when anything that it reads has changed.
#
# ## One packet, byte by byte
#
# On the wire a packet takes up more than its length.
# Before each frame come 8 bytes of preamble and start-of-frame, after it 4 of frame check sequence, and then nothing may be sent for the time of 12 bytes (IEEE 802.3).

# %%
from experiments import catalog
from experiments.catalog import limits
from experiments.site.notebook import reference, table

line = limits.BASELINE
table("One full-size packet between two hosts", ["what", "bytes"], [
    ["TCP payload", line.payload_bytes],
    ["TCP header with timestamps", limits.TCP_HEADER_BYTES],
    ["IPv4 header", limits.IPV4_HEADER_BYTES],
    ["Ethernet header", limits.ETHERNET_HEADER_BYTES],
    ["preamble, check sequence, gap", limits.ETHERNET_EXTRA_BYTES],
    ["all of it", line.wire_bytes],
])

# %% [markdown]
# The payload's share is the limit. Nothing on the hosts can raise it, except larger packets.

# %%
print(f"{line.payload_bytes} / {line.wire_bytes} = {line.efficiency:.5f}, of 1 Gbit/s: {line.goodput_bps() / 1e6:.1f} Mbit/s")

# %% [markdown]
# ## What a mode takes away
#
# A mode can cost payload in two ways: by the headers in front of the pod's packet, and by an MTU that is smaller than it needs to be.
# The columns separate the two.
# "Room left" is what the underlay's 1500 bytes would still have held.

# %%
rows = []
for mode in catalog.load().values():
    limit = limits.limit(mode)
    rows.append([mode.short_title, limit.overhead_bytes, limit.pod_mtu_bytes,
                 mode.mtu.underlay_bytes - limit.overhead_bytes - limit.pod_mtu_bytes,
                 limit.payload_bytes, limit.wire_bytes, limit.goodput_bps() / 1e6])
table("Every mode on 1 Gbit/s Ethernet",
      ["mode", "headers, bytes", "pod MTU, bytes", "room left, bytes", "payload, bytes", "on the wire, bytes", "limit, Mbit/s"],
      sorted(rows, key=lambda row: -row[-1]))

# %% [markdown]
# Weave's modes leave room unused: their MTU of 1376 is small enough for the encrypted variants and for some clouds' networks.
#
# ## Does it hold?
#
# The wire view of an experiment counts payload and wire bytes without a clock.
# If the model is right, counted over computed is 1.

# %%
stored = reference()
rows = []
for result in stored.results if stored else []:
    counted = [t.wire_efficiency_ratio for d in result.deployments for t in d.trials
               if t.view == "wire" and t.path == "pod-pod" and t.status == "ok"]
    model = limits.wire_efficiency(catalog.get(result.mode))
    if counted:
        rows.append([catalog.get(result.mode).short_title, result.lab, result.kernel, len(counted),
                     f"{model:.5f}", f"{min(counted):.5f}", f"{max(counted):.5f}",
                     f"{max(abs(c / model - 1) for c in counted):.4%}"])
table("Counted on the wire beside the model" if rows else "No reference campaign is stored yet",
      ["mode", "lab", "kernel", "deployments", "model", "lowest", "highest", "farthest from the model"], rows)

# %% [markdown]
# The remaining difference is the packets that carry no payload: the handshake, the acknowledgements of the connection's control channel, the end of the transfer.
#
# The formula and its sources are on the page about [encapsulation and the limit](../encapsulation.html#the-limit).
