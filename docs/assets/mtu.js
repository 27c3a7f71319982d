/* The MTU calculator: the same arithmetic as experiments/catalog/limits.py, which makes the table below it. */
(() => {
  "use strict";
  const form = document.querySelector("form.pp-mtu");
  if (!form) return;
  const IPV4 = 20, ICMP = 8, TCP = 32, FRAME = 38;
  const say = () => {
    const { underlay, mode, encryption } = form.elements;
    const chosen = mode.selectedOptions[0];
    const instead = "instead" in encryption.selectedOptions[0].dataset;
    const wrapped = (instead ? 0 : Number(chosen.dataset.overhead)) + Number(encryption.value);
    const mtu = Number(underlay.value) - wrapped;
    const output = form.querySelector("output");
    if (!underlay.checkValidity() || mtu < 576) {
      output.textContent = "That leaves no room: an IPv4 host must take packets of 576 bytes.";
      return;
    }
    const payload = mtu - IPV4 - TCP;
    const share = payload / (mtu + wrapped + FRAME);
    const fixed = chosen.dataset.default;
    output.textContent = `Pod MTU ${mtu}. To test it from a pod: ping -M do -s ${mtu - IPV4 - ICMP} must be answered, ` +
      `-s ${mtu - IPV4 - ICMP + 1} refused. TCP carries ${payload} bytes a packet, ${(100 * share).toPrecision(3)} % of the wire: ` +
      `${(1000 * share).toPrecision(3)} Mbit/s on 1 Gbit/s.` + (fixed ? ` The product's own default is ${fixed}, whatever the underlay has.` : "");
  };
  form.addEventListener("input", say);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  say();
})();
