// Takes the token from the address, where a browser shows it to nobody else, and out of it.
const given = /^#token=([A-Za-z0-9]+)$/.exec(location.hash);
const here = location.pathname + location.search;
const again = () => location.replace(here);
if (given) {
  history.replaceState(null, "", here);
  fetch("/login", { method: "POST", body: new URLSearchParams({ token: given[1] }) }).then((answer) => {
    if (answer.ok) again();
    else document.getElementById("said").textContent = "The token in this address is wrong, or is another server's.";
  });
} else if (document.referrer && !document.referrer.startsWith(location.origin)) {
  // A browser that is remembered does not show its cookie where a page elsewhere leads here.
  fetch("/api/health").then((answer) => answer.ok && again());
}
