# Podpath with all that its labs and its tests need, for machines that are no Linux: see "Without Linux" in README.md.
# The base goes by its tag. Pin it with `--build-arg BASE=debian@sha256:…` where a build has to be repeatable.
ARG BASE=debian:12-slim
FROM ${BASE}

# sudo is for `invoke setup`, which installs packages; labs run as the ordinary user.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git python3-venv sudo \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --shell /bin/bash podpath \
    && echo "podpath ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/podpath \
    && install --directory --owner=podpath --group=podpath /podpath

USER podpath
WORKDIR /podpath
COPY --chown=podpath:podpath requirements.lock .
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir -r requirements.lock
COPY --chown=podpath:podpath . .
# A folder of the user's, so that a volume mounted on it is the user's too.
RUN mkdir --parents data/local
RUN .venv/bin/invoke setup --tests && sudo rm -rf /var/lib/apt/lists/*

ENV PATH=/podpath/.venv/bin:$PATH
CMD ["invoke", "list"]
