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
# # Where the time goes in a user-space relay
#
# Two modes hand every packet to a process: Flannel's UDP backend and Weave's sleeve.
# Their goodput is a fraction of the kernel modes' on a fast link. Headers do not explain it.
# This page explains the fraction by what an experiment counted.
#
# ## Time for each packet
#
# Goodput divided by the payload of a packet is a rate of packets; its inverse is the time available for one packet.

# %%
from statistics import median

from experiments import catalog
from experiments.catalog import limits
from experiments.site.notebook import reference, table

stored = reference()


def middle(values):
    """The median, or None where there is no value."""
    return median(values) if values else None


def found(result, view, measure, path="pod-pod"):
    """The median of a measure over the deployments: one stream, native segments."""
    return middle([getattr(t, measure) for d in result.deployments for t in d.trials if t.status == "ok" and t.view == view
                   and t.path == path and (t.streams or 1) == 1 and (t.mss or "native") == "native"
                   and getattr(t, measure) is not None])


rows = []
for result in stored.results if stored else []:
    goodput = found(result, "speed", "goodput_bps")
    payload = limits.limit(catalog.get(result.mode)).payload_bytes
    if goodput and (result.lab, result.kernel) == ("netns", "host"):
        rows.append([catalog.get(result.mode).short_title, goodput / 1e6, payload, goodput / 8 / payload, 8 * payload / goodput * 1e6])
table("One stream without a limit" if rows else "No reference campaign is stored yet",
      ["mode", "goodput, Mbit/s", "payload of a packet, bytes", "packets a second", "time for a packet, µs"], rows)

# %% [markdown]
# For the kernel modes the last column is not the time of a packet on a wire: the virtual link carries up to 64 KiB at a time from one node to the other.
# The relays cannot do that. A TUN device or a packet socket gives them one packet at a time.
#
# ## The same work, counted
#
# The cost view offers the same load to every mode, in packets as a wire would carry them, and counts the cores' busy time.

# %%
rows = []
for result in stored.results if stored else []:
    cost, base = found(result, "cost", "core_s_per_gbit"), found(result, "cost", "core_s_per_gbit", "host-host")
    if cost is None or base is None or (result.lab, result.kernel) != ("netns", "host"):
        continue
    payload = limits.limit(catalog.get(result.mode)).payload_bytes
    per_packet = cost * 8 * payload / 1e9 * 1e6
    daemon = found(result, "cost", "daemon_core_s")
    busy = found(result, "cost", "cpu_core_s")
    rows.append([catalog.get(result.mode).short_title, cost, cost / base, per_packet, f"{daemon / busy:.0%}" if daemon and busy else "",
                 found(result, "cost", "context_switches_per_packet")])
table("At a fixed offered load" if rows else "No reference campaign is stored yet",
      ["mode", "core·s for a Gbit", "times host to host", "core·µs for a packet", "of it in the daemons", "context switches a packet"],
      rows)

# %% [markdown]
# ## What the process does
#
# For each packet the relay makes two system calls on the sending node, one that takes the packet out of the kernel and one that gives it back, and two on the receiving node.
# The bytes are copied at each of these four crossings.
# Where the queue has run dry, `poll` and a read that finds nothing are added, and the kernel has to wake the process: a context switch there, and one back.
#
# The language matters little compared with that.
# `invoke bench --which relays` measures our relay in Python and the same one in C, in turn, in one run; the page about [what user space costs](../user-space.html) says what came out.
