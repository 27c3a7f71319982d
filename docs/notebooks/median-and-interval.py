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
# # The median and its interval
#
# A campaign builds each mode several times, and each deployment gives one value.
# The site shows the median of those values, and an interval that the true median lies in with a known probability.
# No bell curve is assumed. This page shows why six deployments are the minimum, and what they can show.
#
# ## Order is enough
#
# Take n values from any continuous distribution.
# Each lies below the true median with probability one half, like the toss of a coin.
# The true median is outside the range of the values only if all coins fall the same way: probability 2 / 2ⁿ.

# %%
from random import Random

from experiments import catalog
from experiments.results import distribution_free
from experiments.site.notebook import reference, strips, table

table("How surely the smallest and the largest value enclose the true median", ["values", "probability"],
      [[n, f"{distribution_free.coverage(n, 1):.4f}"] for n in range(2, 9)])

# %% [markdown]
# Five values reach 93.75 %, six reach 96.88 %. So six is the smallest number for an interval of 95 %, and with six the interval is the whole range.
# That is why results with fewer deployments are shown without an interval and without an order.

# %%
print(distribution_free.fewest_for_interval())

# %% [markdown]
# ## Does it cover?
#
# Draw six values again and again from a distribution whose median is known, here a skewed one, and count how often the interval holds it.

# %%
random = Random(1)
true_median = 2 ** 0.5  # of a Pareto distribution with shape 2
held = 0
for _ in range(4000):
    interval = distribution_free.median_interval([random.paretovariate(2) for _ in range(6)])
    held += interval is not None and interval.low <= true_median <= interval.high
print(f"{held / 4000:.4f} of 4000 intervals hold the true median; promised: {distribution_free.coverage(6, 1):.4f}")

# %% [markdown]
# ## When are two modes different?
#
# The Mann-Whitney test asks how often a random split of all values into two sets would put the sets as far apart as ours are.
# With six and six, the smallest answer it can give is this.

# %%
print(f"{distribution_free.smallest_p(6, 6):.5f}")

# %% [markdown]
# Comparing every mode with every other asks many questions at once, so some answer will look special by chance.
# Holm's correction multiplies the smallest p-value by the number of questions, the next by one less, and so on.
# The table says how many deployments a campaign needs before any two of its modes can be told apart.

# %%
table("Deployments needed", ["modes compared", "pairs", "deployments of each"],
      [[sets, sets * (sets - 1) // 2, distribution_free.fewest_for_comparison(sets)] for sets in (2, 3, 4, 6, 8)])

# %% [markdown]
# ## On real values
#
# The goodput of one stream in the newest reference campaign: every circle is a deployment.

# %%
stored = reference()
rows = []
for result in sorted(stored.results, key=lambda r: r.mode) if stored else []:
    values = [t.goodput_bps for d in result.deployments for t in d.trials if t.status == "ok" and t.view == "speed"
              and t.path == "pod-pod" and t.streams == 1 and t.mss == "native" and (result.lab, result.kernel) == ("netns", "host")]
    if values:
        rows.append((catalog.get(result.mode).short_title, values, None))
strips("speed", "TCP goodput of one stream, without a limit", "goodput_bps", rows) if rows else print("none stored yet")

# %% [markdown]
# How noise is judged, and what is discarded, is on the page about [the method](../method/index.html).
